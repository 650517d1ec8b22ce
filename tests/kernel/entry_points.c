// SPDX-License-Identifier: GPL-2.0-or-later
// The doors into the kernel's code, and the part of the architecture that takes control pages, as x86_64 does it.
#include <linux/kexec.h>

#include "kexec_internal.h"
#include "tests/kernel/machine_state.h"

// x86_64 takes its page tables for the jump from the control pages (init_pgtable in
// arch/x86/kernel/machine_kexec_64.c); a block of two pages is what other architectures ask for.
enum { kPageTables = 3 };

// Control pages of the two images that can be loaded, and of the one being loaded.
static struct {
  struct kimage* image;
  size_t count;
  struct MachinePart parts[16];
} control[3];

static void Remember(struct kimage* image, struct page* page, unsigned order) {
  size_t slot = 0;
  while (slot < ARRAY_SIZE(control) && control[slot].image != image) ++slot;
  for (size_t i = 0; slot == ARRAY_SIZE(control) && i < ARRAY_SIZE(control); ++i) {
    if (control[i].image == NULL) slot = i;
  }
  if (slot == ARRAY_SIZE(control)) MachineBug("more than three images at a time");
  if (control[slot].image == NULL) control[slot].count = 0;
  control[slot].image = image;
  const uint64_t begin = page_to_phys(page);
  control[slot].parts[control[slot].count++] = (struct MachinePart){begin, begin + (PAGE_SIZE << order)};
}

static int TakeControlPages(struct kimage* image, unsigned order) {
  struct page* page = kimage_alloc_control_pages(image, order);
  if (page == NULL) return -ENOMEM;
  clear_highpage(page);
  Remember(image, page, order);
  return 0;
}

int machine_kexec_prepare(struct kimage* image) {
  Remember(image, image->control_code_page, (unsigned)get_order(KEXEC_CONTROL_PAGE_SIZE));
  if (image->swap_page != NULL) Remember(image, image->swap_page, 0);
  for (int i = 0; i < kPageTables; ++i) {
    if (TakeControlPages(image, 0) != 0) return -ENOMEM;
  }
  return TakeControlPages(image, min(1u, machine.config.max_order));
}

int kimage_crash_copy_vmcoreinfo(struct kimage* image) {
  return image->type == KEXEC_TYPE_CRASH ? TakeControlPages(image, 0) : 0;
}

void machine_kexec_cleanup(struct kimage* image) {
  for (size_t i = 0; i < ARRAY_SIZE(control); ++i) {
    if (control[i].image == image) control[i].image = NULL;
  }
}

void machine_kexec(struct kimage* image) { (void)image; }  // a test plays the page list itself

long sys_kexec_load(unsigned long, unsigned long, struct kexec_segment*, unsigned long);
long compat_sys_kexec_load(compat_ulong_t, compat_ulong_t, struct compat_kexec_segment*, compat_ulong_t);

_Static_assert(sizeof(struct UserSegment) == sizeof(struct kexec_segment), "the ABI of kexec_load");
_Static_assert(sizeof(struct UserSegment32) == sizeof(struct compat_kexec_segment), "its 32-bit ABI");

long KernelLoad(uint64_t entry, uint64_t count, const struct UserSegment* segments, uint64_t flags) {
  return sys_kexec_load(entry, count, (struct kexec_segment*)segments, flags);
}

long KernelLoadCompat(uint32_t entry, uint32_t count, const struct UserSegment32* segments, uint32_t flags) {
  return compat_sys_kexec_load(entry, count, (struct compat_kexec_segment*)segments, flags);
}

bool KernelImage(bool crash, struct LoadedImage* view) {
  struct kimage* image = crash ? kexec_crash_image : kexec_image;
  if (image == NULL) return false;
  *view = (struct LoadedImage){
      .identity = (uint64_t)image,
      .head = image->head,
      .entry = image->start,
      .swap_page = image->swap_page != NULL ? page_to_phys(image->swap_page) : 0,
      .segments = image->nr_segments,
      .preserve_context = image->preserve_context,
  };
  for (size_t i = 0; i < ARRAY_SIZE(control); ++i) {
    if (control[i].image != image) continue;
    view->control_count = control[i].count;
    memcpy(view->control, control[i].parts, sizeof(view->control));
  }
  return true;
}

// The middle of kexec_file_load (kernel/kexec_file.c), whose other parts (reading, signatures, loaders) stay outside.
static long LoadFileImage(struct kimage* image) {
  long result = sanity_check_segment_list(image);
  if (result != 0) return result;
  image->control_code_page = kimage_alloc_control_pages(image, (unsigned)get_order(KEXEC_CONTROL_PAGE_SIZE));
  if (image->control_code_page == NULL) return -ENOMEM;
  if (image->type != KEXEC_TYPE_CRASH) {
    image->swap_page = kimage_alloc_control_pages(image, 0);
    if (image->swap_page == NULL) return -ENOMEM;
  }
  result = machine_kexec_prepare(image);
  if (result == 0) result = kimage_crash_copy_vmcoreinfo(image);
#ifdef KEXEC_PATCHED
  if (result == 0) result = kimage_plan_sources(image);
#endif
  for (unsigned long i = 0; result == 0 && i < image->nr_segments; ++i) {
    result = kimage_load_segment(image, &image->segment[i]);
  }
  if (result == 0) kimage_terminate(image);
  return result;
}

long KernelLoadFile(uint64_t entry, uint64_t count, const struct UserSegment* segments, bool crash) {
  struct kimage* image = do_kimage_alloc_init();
  if (image == NULL) return -ENOMEM;
  image->file_mode = 1;
  image->start = entry;
  image->nr_segments = count;
  memcpy(image->segment, segments, count * sizeof(*segments));
  if (crash) {
    image->control_page = crashk_res.start;
    image->type = KEXEC_TYPE_CRASH;
  }
  const long result = LoadFileImage(image);
  if (result == 0) image = xchg(crash ? &kexec_crash_image : &kexec_image, image);
  kimage_free(image);
  return result;
}

bool KernelIsPatched(void) { return IS_ENABLED(KEXEC_PATCHED); }

bool KernelHasRuns(void) {
#ifdef KEXEC_SOURCE_RUN_LIMIT
  return KEXEC_SOURCE_RUN_LIMIT > 1;
#else
  return false;
#endif
}
