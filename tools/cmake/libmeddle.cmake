# libmeddle: core and protocols, for everybody. No I/O inside, so it serves other programs' tests,
# libFuzzer harnesses and AFL++ mutators as well as our own rooms.
set(MDL_PUBLIC_ROOMS core protocols)

# What the map of the shared library lets out has to be visible first.
set_target_properties(mdl_core mdl_protocols PROPERTIES C_VISIBILITY_PRESET default)

add_library(meddle_shared SHARED $<TARGET_OBJECTS:mdl_core> $<TARGET_OBJECTS:mdl_protocols>)
add_library(meddle_static STATIC $<TARGET_OBJECTS:mdl_core> $<TARGET_OBJECTS:mdl_protocols>)
foreach(lib meddle_shared meddle_static)
	set_target_properties(${lib} PROPERTIES OUTPUT_NAME meddle)
	target_link_libraries(${lib} PRIVATE mdl_flags PkgConfig::YAML PkgConfig::CRYPTO m)
endforeach()
set_target_properties(meddle_shared PROPERTIES
	VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
	LINK_DEPENDS ${CMAKE_SOURCE_DIR}/tools/cmake/libmeddle.map)
target_link_options(meddle_shared PRIVATE
	-Wl,--version-script=${CMAKE_SOURCE_DIR}/tools/cmake/libmeddle.map)

# The prefix is where meddle.pc is found, so that `cmake --install --prefix` may choose another one.
set(MDL_PC_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${MDL_PC_DIR} OUTPUT_VARIABLE MDL_PC_PREFIX)
configure_file(${CMAKE_SOURCE_DIR}/tools/cmake/meddle.pc.in meddle.pc @ONLY)

install(TARGETS meddle_shared meddle_static
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_BINARY_DIR}/meddle.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# Installed headers live below <meddle/...>, so their includes of each other are rewritten to that.
set(MDL_HEADERS_DIR ${CMAKE_INSTALL_INCLUDEDIR}/meddle)
foreach(room ${MDL_PUBLIC_ROOMS})
	file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/*.h)
	foreach(header ${headers})
		cmake_path(GET header FILENAME name)
		set(out ${CMAKE_BINARY_DIR}/include/meddle/${room}/${name})
		add_custom_command(OUTPUT ${out} DEPENDS ${header}
			COMMAND ${CMAKE_COMMAND} -DIN=${header} -DOUT=${out}
				-P ${CMAKE_SOURCE_DIR}/tools/cmake/public_header.cmake)
		list(APPEND MDL_PUBLIC_HEADERS ${out})
		install(FILES ${out} DESTINATION ${MDL_HEADERS_DIR}/${room})
	endforeach()
endforeach()
add_custom_target(public_headers ALL DEPENDS ${MDL_PUBLIC_HEADERS})
