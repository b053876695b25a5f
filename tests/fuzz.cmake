mdl_fuzz(conf mdl_core)
mdl_fuzz(ip mdl_protocols)
mdl_fuzz(text mdl_core)
mdl_fuzz(trace mdl_core)
