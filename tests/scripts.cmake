mdl_script(layers layers_test.sh)
mdl_script(layers.self layers_test.sh --self-test)
mdl_script(purity purity_test.sh)
mdl_script(purity.self purity_test.sh --self-test)
