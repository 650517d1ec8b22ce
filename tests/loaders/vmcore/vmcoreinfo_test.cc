// SPDX-License-Identifier: GPL-2.0-or-later
#include "loaders/vmcore/vmcoreinfo.h"

#include <gtest/gtest.h>

namespace kexec {
namespace {

TEST(VmcoreInfo, ReadsEachKindOfLine) {
  const VmcoreInfo info = VmcoreInfo::Parse(
      "OSRELEASE=6.1.0-56-cloud-amd64\nPAGESIZE=4096\nSYMBOL(prb)=ffffffff82a5b1c0\nSIZE(prb_desc)=24\n"
      "OFFSET(prb_desc.state_var)=8\nLENGTH(mem_section)=2048\nNUMBER(phys_base)=-16777216\n"
      "NUMBER(kimage_voffset)=0xffff800008000000\nNUMBER(VA_BITS)=48\nKERNELOFFSET=1a000000\n");
  EXPECT_EQ(info.Value("OSRELEASE"), "6.1.0-56-cloud-amd64");
  EXPECT_EQ(info.Value("KERNELOFFSET"), "1a000000");
  EXPECT_EQ(info.Symbol("prb"), 0xffffffff82a5b1c0u);
  EXPECT_EQ(info.Size("prb_desc"), 24u);
  EXPECT_EQ(info.Offset("prb_desc.state_var"), 8u);
  EXPECT_EQ(info.Length("mem_section"), 2048u);
  EXPECT_EQ(info.Number("phys_base"), uint64_t{0} - 16777216);
  EXPECT_EQ(info.Number("kimage_voffset"), 0xffff800008000000u);
  EXPECT_EQ(info.Number("VA_BITS"), 48u);
}

TEST(VmcoreInfo, KnowsNothingOfWhatIsNotThereOrNoNumber) {
  const VmcoreInfo info = VmcoreInfo::Parse(
      "SYMBOL(a)=\nSYMBOL(b)=12345678123456789\nSYMBOL(c)=zz\nSIZE(d)=-1\nNUMBER(e)=-\nNUMBER(f)=0x\nno "
      "equals\n=x\n");
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    EXPECT_FALSE(info.Symbol(name)) << name;
    EXPECT_FALSE(info.Size(name)) << name;
    EXPECT_FALSE(info.Number(name)) << name;
  }
  EXPECT_FALSE(info.Value("no equals"));
  EXPECT_EQ(info.Value(""), "x");
}

TEST(VmcoreInfo, TakesTheLastOfTwoAndStopsAtZero) {
  const VmcoreInfo info = VmcoreInfo::Parse(std::string_view("A=1\nA=2=3\nB=4\0\nC=5\n", 17));
  EXPECT_EQ(info.Value("A"), "2=3");
  EXPECT_EQ(info.Value("B"), "4");
  EXPECT_FALSE(info.Value("C"));
}

}  // namespace
}  // namespace kexec
