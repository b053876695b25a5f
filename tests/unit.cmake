mdl_unit(field mdl_protocols)
mdl_unit(mutate mdl_protocols)
