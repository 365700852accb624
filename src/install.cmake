# cmake --install: the program, what ships with it, and LibTorch, in a tree that may be moved.
#
#   bin/mnist-bench
#   lib/mnist-bench/{torch/lib,nvidia}        the pinned LibTorch, as in third_party (component libtorch)
#   share/mnist-bench/{configs,mnist}
#   share/bash-completion/completions, share/zsh/site-functions
#   share/doc/mnist-bench
#
# The program looks for share/mnist-bench next to its own folder (src/base/shipped_files.cpp),
# so that these names are fixed; a build folder has links of the same names.

# A build folder within the sources may be moved with them. Links and RPATHs between the two are
# relative then.
cmake_path(IS_PREFIX PROJECT_SOURCE_DIR ${PROJECT_BINARY_DIR} NORMALIZE build_is_inside)

# link_shipped(<folder>): <folder>/share/mnist-bench, for a program in <folder>.
function(link_shipped folder)
  set(shared ${folder}/share/mnist-bench)
  file(MAKE_DIRECTORY ${shared})
  foreach(source IN ITEMS configs third_party/mnist)
    cmake_path(GET source FILENAME name)
    set(target ${PROJECT_SOURCE_DIR}/${source})
    if(build_is_inside)
      cmake_path(RELATIVE_PATH target BASE_DIRECTORY ${shared})
    endif()
    file(CREATE_LINK ${target} ${shared}/${name} SYMBOLIC)
  endforeach()
endfunction()
link_shipped(${PROJECT_BINARY_DIR})
link_shipped(${PROJECT_BINARY_DIR}/tests)  # its programs are in subfolders

if(MNIST_BENCH_TORCH_FREE)
  return()  # no program to install
endif()

# The pinned LibTorch, below the sources, is installed too; one that the user has named is not copied.
cmake_path(IS_PREFIX PROJECT_SOURCE_DIR ${libtorch_root} NORMALIZE libtorch_is_ours)
option(MNIST_BENCH_INSTALL_LIBTORCH "Install LibTorch with the program" ${libtorch_is_ours})
set(built_rpath ${libtorch_root}/lib)
set(installed_rpath "$ORIGIN/../lib/mnist-bench/torch/lib")
if(libtorch_is_ours AND build_is_inside)
  cmake_path(RELATIVE_PATH built_rpath BASE_DIRECTORY ${PROJECT_BINARY_DIR})
  set(built_rpath "$ORIGIN/${built_rpath}")
endif()
# The install step replaces the RPATH in place, so the built one is padded with slashes to the length of
# the installed one. CMake's own padding ends in an empty entry, which the dynamic linker takes for the
# current folder.
string(LENGTH ${installed_rpath} needed)
string(LENGTH ${built_rpath} length)
if(length LESS needed)
  math(EXPR missing "${needed} - ${length}")
  string(REPEAT / ${missing} slashes)
  string(APPEND built_rpath ${slashes})
endif()
set_target_properties(mnist-bench PROPERTIES
  BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${built_rpath}")
install(TARGETS mnist-bench RUNTIME DESTINATION bin COMPONENT program)
if(MNIST_BENCH_INSTALL_LIBTORCH)
  install(CODE "
    file(RPATH_CHANGE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/mnist-bench\"
      OLD_RPATH [[${built_rpath}]] NEW_RPATH [[${installed_rpath}]])" COMPONENT program)
  # Next to each other as in the wheels, whose libraries find each other that way. Those of CUDA only
  # where all of them are there (scripts/setup --cuda).
  file(GLOB cublas ${libtorch_root}/../nvidia/*/lib/libcublas.so*)
  if(cublas OR NOT nvidia_folders)
    set(libtorch_names lib*.so*)
    set(nvidia_names lib*.so*)
  else()
    set(libtorch_names libtorch_cpu.so libc10.so libgomp*)
    set(nvidia_names libcudart.so* libcupti.so*)
  endif()
  list(TRANSFORM libtorch_names PREPEND ${libtorch_root}/lib/)
  file(GLOB libraries ${libtorch_names})
  list(FILTER libraries EXCLUDE REGEX libtorch_python)
  install(PROGRAMS ${libraries} DESTINATION lib/mnist-bench/torch/lib COMPONENT libtorch)
  foreach(folder IN LISTS nvidia_folders)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${libtorch_root}/.. OUTPUT_VARIABLE subfolder)
    list(TRANSFORM nvidia_names PREPEND ${folder}/ OUTPUT_VARIABLE nvidia_files)
    file(GLOB libraries ${nvidia_files})
    install(PROGRAMS ${libraries} DESTINATION lib/mnist-bench/${subfolder} COMPONENT libtorch)
  endforeach()
  file(GLOB licenses ${libtorch_root}/../torch-*.dist-info/licenses)
  if(licenses)
    install(DIRECTORY ${licenses}/ DESTINATION share/doc/mnist-bench/libtorch COMPONENT libtorch)
  endif()
endif()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs ${PROJECT_SOURCE_DIR}/third_party/mnist
  DESTINATION share/mnist-bench COMPONENT program)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
    ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/CITATION.cff
  DESTINATION share/doc/mnist-bench COMPONENT program)

# Printed by the program, so that they know its options, its config keys and the shipped configs.
set(completions ${PROJECT_BINARY_DIR}/completions)
install(CODE "
  foreach(shell IN ITEMS bash zsh)
    file(MAKE_DIRECTORY \"${completions}\")
    execute_process(COMMAND \"$<TARGET_FILE:mnist-bench>\" completion \${shell}
      OUTPUT_FILE \"${completions}/\${shell}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT program)
install(FILES ${completions}/bash DESTINATION share/bash-completion/completions RENAME mnist-bench
  COMPONENT program)
install(FILES ${completions}/zsh DESTINATION share/zsh/site-functions RENAME _mnist-bench
  COMPONENT program)
