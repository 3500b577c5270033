# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` lays down: the two programs, and the client library for find_package(mykeyv).
include(CMakePackageConfigHelpers)

foreach(program mykeyvd mykeyv)
  if(TARGET ${program})
    install(TARGETS ${program})
  endif()
endforeach()

# The client and the floors below it.
set(client_floors base resp async net client)
target_compile_features(mykeyv_base INTERFACE cxx_std_20)
foreach(floor ${client_floors})
  install(TARGETS mykeyv_${floor} EXPORT mykeyv)
  install(DIRECTORY mykeyv/${floor} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mykeyv FILES_MATCHING PATTERN *.hpp PATTERN impl EXCLUDE)
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mykeyv)
install(EXPORT mykeyv NAMESPACE mykeyv:: FILE mykeyvTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/mykeyvConfig.cmake.in ${PROJECT_BINARY_DIR}/mykeyvConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mykeyvConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mykeyvConfig.cmake ${PROJECT_BINARY_DIR}/mykeyvConfigVersion.cmake DESTINATION ${package_dir})
