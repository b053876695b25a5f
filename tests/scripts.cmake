mdl_script(capture.storm capture/storm.sh)
mdl_script(capture.formats capture/formats.sh)
mdl_script(capture.loopback capture/loopback.sh)
