# SPDX-License-Identifier: GPL-2.0-or-later
# cmake -DMACHINE=… -DSOURCE=… -DBUILD=… -DBIN=… -DC_COMPILER=… -DGENERATOR=… -P: builds purgatory with flags that would ruin it
# if they reached it, and compares the bytes with those of this build.
file(REMOVE_RECURSE "${BUILD}")
set(hostile "-O0 -g3 -march=native -fstack-protector-all -D_FORTIFY_SOURCE=2 -fcf-protection=full -fPIC -mcmodel=large")
string(APPEND hostile " -fsanitize=address,undefined -pg -ftrapv -finstrument-functions -ffunction-sections -flto=auto")
foreach(step IN ITEMS
    "${CMAKE_COMMAND};-S;${SOURCE};-B;${BUILD};-G;${GENERATOR};-DKEXEC_PURGATORY_CC_${MACHINE}:STRING=${C_COMPILER};-DMACHINE=${MACHINE};-DCMAKE_C_FLAGS=${hostile};-DCMAKE_ASM_FLAGS=-g3 -DMAGIC=1;-DCMAKE_EXE_LINKER_FLAGS=-fsanitize=address,undefined"
    "${CMAKE_COMMAND};--build;${BUILD};--target;kexec_purgatory_${MACHINE}_blob")
  execute_process(COMMAND ${step} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${step}\n${text}")
  endif()
endforeach()
execute_process(COMMAND "${CMAKE_COMMAND}" -E compare_files "${BUILD}/purgatory/purgatory.bin" "${BIN}" RESULT_VARIABLE differ)
if(differ)
  message(FATAL_ERROR "purgatory depends on CMAKE_C_FLAGS: ${BUILD}/purgatory/purgatory.bin and ${BIN} differ")
endif()
