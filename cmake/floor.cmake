# SPDX-License-Identifier: Apache-2.0
# A build with sanitizers compiles several sources at once, for headers are most of its work; the release build shows that each stands
# alone, and warns for it: of what lies together here by chance, warnings say little.
function(mykeyv_sources_at_once target)
  if(MYKEYV_SANITIZE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage -Wno-shadow)
  endif()
endfunction()

# mykeyv_floor(NAME DEPENDS lower floors... LINKS outside libraries...): the library of all sources in mykeyv/NAME,
# as target mykeyv_NAME, alias mykeyv::NAME.
function(mykeyv_floor name)
  cmake_parse_arguments(PARSE_ARGV 1 floor "" "" "DEPENDS;LINKS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/mykeyv/${name}/*.cpp)
  if(sources)
    add_library(mykeyv_${name} STATIC ${sources})
    mykeyv_sources_at_once(mykeyv_${name})
    set(scope PUBLIC)
  else()
    add_library(mykeyv_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(mykeyv::${name} ALIAS mykeyv_${name})
  set_target_properties(mykeyv_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(mykeyv_${name} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                     $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_definitions(mykeyv_${name} ${scope} BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION)
  list(TRANSFORM floor_DEPENDS PREPEND mykeyv_)
  target_link_libraries(mykeyv_${name} ${scope} ${floor_DEPENDS} ${floor_LINKS})
endfunction()

# mykeyv_test(NAME FOLDER LINKS libraries...): one GoogleTest program of all sources in tests/FOLDER, each test a ctest.
function(mykeyv_test name folder)
  cmake_parse_arguments(PARSE_ARGV 2 test "" "TIMEOUT" "LINKS;LABELS")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  add_executable(${name} ${sources})
  mykeyv_sources_at_once(${name})
  target_link_libraries(${name} PRIVATE ${test_LINKS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  set_property(GLOBAL APPEND PROPERTY MYKEYV_TEST_PROGRAMS ${name})
  # One ctest for the whole program where starting it is the cost; GoogleTest names the failing test.
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${test_TIMEOUT} LABELS "${test_LABELS}")
endfunction()
