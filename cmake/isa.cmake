# w2v_add_isas(<target> <sources...>)
# Compiles the sources into <target> once for each instruction set of the target processor.
function(w2v_add_isas target)
  set(sources ${ARGN})
  # native/kernels/dispatch.cpp asks the processor for every flag named here.
  w2v_add_isa(${target} scalar)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND NOT MSVC)
    w2v_add_isa(${target} avx2 -mavx2 -mfma)
    w2v_add_isa(${target} avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mprefer-vector-width=512)
    # The same, but for what this one instruction is for.
    list(FILTER sources INCLUDE REGEX quantized)
    if(sources)
      w2v_add_isa(${target} avx512vnni -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma)
    endif()
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$" AND NOT MSVC)
    w2v_add_isa(${target} neon -DW2V_NEON)
  endif()
endfunction()

# Of w2v_add_isas: compiles ${sources} with one instruction set's flags.
function(w2v_add_isa target isa)
  set(objects ${target}_kernels_${isa})
  add_library(${objects} OBJECT ${sources})
  target_include_directories(${objects} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(${objects} PRIVATE W2V_ISA=${isa})
  target_compile_options(${objects} PRIVATE ${ARGN} ${W2V_WARNINGS} ${W2V_SANITIZE_FLAGS})
  if(NOT MSVC)
    # What is fused is written so: the compiler's own choice could differ between two loops that must agree to the bit.
    target_compile_options(${objects} PRIVATE -fno-math-errno -fno-trapping-math -ffp-contract=off)
  endif()
  if(W2V_SANITIZE)
    target_compile_options(${objects} PRIVATE -O2) # the most of what tests wait for
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12's own AVX-512 intrinsics set it off (GCC bug 105593).
    target_compile_options(${objects} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  string(TOUPPER ${isa} upper)
  target_compile_definitions(${target} PRIVATE W2V_HAVE_${upper}=1)
endfunction()
