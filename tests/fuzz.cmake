mdl_fuzz(ip mdl_protocols)
mdl_fuzz(capture mdl_replay)
mdl_fuzz(assemble mdl_replay mdl_test_packets)
