mdl_unit(err mdl_core)
mdl_unit(field mdl_protocols)
mdl_unit(slice mdl_core)
mdl_unit(writer mdl_core)
