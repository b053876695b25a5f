# Every compiler and linker flag of the project sits on one interface target.
option(MDL_WERROR "Treat warnings as errors" OFF)
option(MDL_LIBFUZZER "Link the fuzz targets with libFuzzer" OFF)
set(MDL_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them")

if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Asserts guard our own mistakes and stay on in release builds.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(mdl_flags INTERFACE)
target_include_directories(mdl_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(mdl_flags INTERFACE _GNU_SOURCE)
target_compile_options(mdl_flags INTERFACE
	-Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
	-Wcast-qual -Wconversion -Wundef -Wwrite-strings -Wformat=2
	-Wno-missing-field-initializers
	$<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
	-fno-strict-aliasing -fstack-protector-strong)
if(MDL_WERROR)
	target_compile_options(mdl_flags INTERFACE -Werror)
endif()
if(MDL_SANITIZE)
	target_compile_options(mdl_flags INTERFACE
		-fsanitize=${MDL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(mdl_flags INTERFACE -fsanitize=${MDL_SANITIZE})
endif()
if(MDL_LIBFUZZER)
	target_compile_options(mdl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
