# Defines the target `libtorch`: LibTorch's headers, libtorch_cpu and libc10.
#
# Looked for in every CMAKE_PREFIX_PATH entry (the pytorch.org archive, or a Python environment),
# then in third_party/libtorch, where scripts/setup puts the pinned PyPI wheel.
# LibTorch's own TorchConfig.cmake is not used: the wheel's asks for a CUDA compiler and may pick up
# a second LibTorch in /usr/lib.

set(libtorch_minimum 2.6)

set(libtorch_candidates)
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  list(APPEND libtorch_candidates ${prefix} ${prefix}/torch)
  file(GLOB in_environment ${prefix}/lib/python3*/site-packages/torch)
  list(APPEND libtorch_candidates ${in_environment})
  # <LibTorch>/share/cmake, as `torch.utils.cmake_prefix_path` gives it
  cmake_path(SET parent NORMALIZE ${prefix}/../..)
  list(APPEND libtorch_candidates ${parent})
endforeach()
list(APPEND libtorch_candidates ${CMAKE_CURRENT_LIST_DIR}/libtorch/torch)

foreach(candidate IN LISTS libtorch_candidates)
  if(EXISTS ${candidate}/include/torch/csrc/api/include/torch/torch.h
     AND EXISTS ${candidate}/lib/libtorch_cpu.so)
    cmake_path(SET libtorch_root NORMALIZE ${candidate}/)
    string(REGEX REPLACE "/$" "" libtorch_root ${libtorch_root})
    break()
  endif()
endforeach()
if(NOT libtorch_root)
  list(JOIN libtorch_candidates "\n  " searched)
  message(FATAL_ERROR
    "LibTorch was not found. Run scripts/setup to install the pinned one into third_party/libtorch, "
    "or pass -DCMAKE_PREFIX_PATH=<folder of a LibTorch ${libtorch_minimum} or newer>.\n"
    "Searched:\n  ${searched}")
endif()

set(version_header ${libtorch_root}/include/torch/headeronly/version.h)
if(NOT EXISTS ${version_header})
  set(version_header ${libtorch_root}/include/torch/csrc/api/include/torch/version.h)
endif()
file(STRINGS ${version_header} version_lines
     REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers . libtorch_version)
if(libtorch_version VERSION_LESS libtorch_minimum)
  message(FATAL_ERROR
    "LibTorch ${libtorch_version} in ${libtorch_root} is too old: mnist-bench needs "
    "${libtorch_minimum} or newer. Run scripts/setup for the pinned one.")
endif()
message(STATUS "LibTorch ${libtorch_version} in ${libtorch_root}")

# The wheel carries its own fmt headers, which would shadow the system's and break spdlog. Links to
# the system's fmt and spdlog, searched before torch's headers, keep the two apart.
set(first_headers ${CMAKE_BINARY_DIR}/system-headers)
file(MAKE_DIRECTORY ${first_headers})
foreach(header IN ITEMS fmt/format.h spdlog/spdlog.h)
  cmake_path(GET header PARENT_PATH library)
  get_target_property(folders ${library}::${library} INTERFACE_INCLUDE_DIRECTORIES)
  # CMAKE_PREFIX_PATH may name the very LibTorch whose headers are not meant.
  find_path(${library}_headers ${header} REQUIRED HINTS ${folders} NO_CMAKE_PATH)
  file(CREATE_LINK ${${library}_headers}/${library} ${first_headers}/${library} SYMBOLIC)
endforeach()

# libtorch_cpu.so of a CUDA build links libcudart and libcupti, which lie beside it in the wheel.
file(GLOB nvidia_folders ${libtorch_root}/../nvidia/*/lib)

add_library(libtorch INTERFACE)
target_include_directories(libtorch BEFORE INTERFACE ${first_headers})
target_include_directories(libtorch SYSTEM INTERFACE
  ${libtorch_root}/include ${libtorch_root}/include/torch/csrc/api/include)
target_link_libraries(libtorch INTERFACE
  ${libtorch_root}/lib/libtorch_cpu.so ${libtorch_root}/lib/libc10.so)
# Bound when first called, also where the compiler's default is `now`: else a program that is started
# with another LibTorch ends in the dynamic linker, before it can say so.
target_link_options(libtorch INTERFACE -Wl,-z,lazy)
foreach(folder IN LISTS nvidia_folders)
  target_link_options(libtorch INTERFACE -Wl,-rpath-link,${folder})
endforeach()
