# The library of the CUDA backend: built where a CUDA compiler is, needed nowhere. W2V_CUDA: AUTO, ON (it must be built) or
# OFF. CMAKE_CUDA_ARCHITECTURES, or CUDAARCHS in the environment, chooses what it has machine code for.
set(W2V_CUDA AUTO CACHE STRING "The library of the CUDA backend: AUTO, ON or OFF")
set_property(CACHE W2V_CUDA PROPERTY STRINGS AUTO ON OFF)

# Machine code runs on later devices of the same major version; those of later major versions compile the PTX of 90.
set(W2V_CUDA_ARCHITECTURES 75-real 80-real 90)

function(w2v_find_cuda result)
  set(${result} OFF PARENT_SCOPE)
  if(W2V_CUDA STREQUAL "OFF" OR CMAKE_CROSSCOMPILING OR W2V_SANITIZE)
    return()
  endif()
  include(CheckLanguage)
  if(NOT CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
    set(CMAKE_CUDA_ARCHITECTURES ${W2V_CUDA_ARCHITECTURES} CACHE STRING "What the CUDA library has code for" FORCE)
  endif()
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(${result} ON PARENT_SCOPE)
  elseif(W2V_CUDA STREQUAL "ON")
    message(FATAL_ERROR "W2V_CUDA=ON needs a CUDA compiler (nvcc 12 or later), but none was found")
  endif()
endfunction()
