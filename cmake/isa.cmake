# w2v_add_isa(<target> <isa> [compiler flags...])
# Compiles every per-ISA kernel source once more, with that instruction set's flags, into <target>.
# native/kernels/dispatch.cpp asks the processor for every flag named here.
set(W2V_ISA_SOURCES kernels/update.cpp kernels/scan.cpp kernels/separators.cpp kernels/table.cpp)

function(w2v_add_isa target isa)
  set(objects ${target}_kernels_${isa})
  add_library(${objects} OBJECT ${W2V_ISA_SOURCES})
  target_include_directories(${objects} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(${objects} PRIVATE W2V_ISA=${isa})
  target_compile_options(${objects} PRIVATE ${ARGN} ${W2V_WARNINGS} ${W2V_SANITIZE_FLAGS})
  if(NOT MSVC)
    # What is fused is written so: the compiler's own choice could differ between two loops that must agree to the bit.
    target_compile_options(${objects} PRIVATE -fno-math-errno -fno-trapping-math -ffp-contract=off)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12's own AVX-512 intrinsics set it off (GCC bug 105593).
    target_compile_options(${objects} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  string(TOUPPER ${isa} upper)
  target_compile_definitions(${target} PRIVATE W2V_HAVE_${upper}=1)
endfunction()
