mdl_fuzz(flow mdl_rig)
