# The program looks for share/mnist-bench beside the folder that it lies in (src/base/shipped_files.cpp);
# in a build folder, two links stand for it.

# link_shipped(<folder>): <folder>/share/mnist-bench, for a program in <folder>. Relative, so that
# sources and build folder may be moved together.
function(link_shipped folder)
  set(shared ${folder}/share/mnist-bench)
  file(MAKE_DIRECTORY ${shared})
  foreach(source IN ITEMS configs third_party/mnist)
    cmake_path(GET source FILENAME name)
    set(target ${PROJECT_SOURCE_DIR}/${source})
    cmake_path(RELATIVE_PATH target BASE_DIRECTORY ${shared})
    file(CREATE_LINK ${target} ${shared}/${name} SYMBOLIC)
  endforeach()
endfunction()
link_shipped(${PROJECT_BINARY_DIR})
link_shipped(${PROJECT_BINARY_DIR}/tests)  # whose programs lie in folders of it
