mdl_script(pcaps.dns pcaps_test.sh dns)
