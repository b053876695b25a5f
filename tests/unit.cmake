mdl_unit(field mdl_protocols)
