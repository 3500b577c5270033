# SPDX-License-Identifier: Apache-2.0
# The language, the warnings, the sanitizers, and every library that is not ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
include(GNUInstallDirs)

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(MYKEYV_CCACHE ccache)
  if(MYKEYV_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${MYKEYV_CCACHE})
  endif()
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Woverloaded-virtual -Wconversion
                    -Wno-sign-conversion -Werror=return-type -fno-omit-frame-pointer)
if(MYKEYV_SANITIZE)
  add_compile_options(-fsanitize=${MYKEYV_SANITIZE} -fno-sanitize-recover=all)
  # GCC 12 warns of Asio's fence where ThreadSanitizer has nothing to do with it, and takes instrumented optionals for unset.
  add_compile_options(-Wno-tsan -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${MYKEYV_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(lua REQUIRED IMPORTED_TARGET lua5.4-c++)
pkg_check_modules(mariadb REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
