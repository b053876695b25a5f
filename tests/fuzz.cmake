mdl_fuzz(ip mdl_protocols)
