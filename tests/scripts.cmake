mdl_script(pcaps.dns pcaps_test.sh dns)
mdl_script(planted.selftest planted/selftest.sh
	$<TARGET_FILE:planted_dns> $<TARGET_FILE:planted_dns_asan>)
