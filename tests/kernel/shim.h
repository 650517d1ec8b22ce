/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's kexec code finds instead of the kernel: every header it includes and the tests do not take from
 * the kernel tree is this one (kernel_source.py, "stubs"). What does something is in machine.h's C files; what cannot
 * matter to loading an image (consoles, suspend, other CPUs) does nothing.
 */
#ifndef KEXEC_TESTS_SHIM_H
#define KEXEC_TESTS_SHIM_H

#ifdef __ASSEMBLY__
#include "tests/kernel/shim_asm.h"
#else

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "tests/kernel/machine.h"

/* Language. */
#define __user
#define __percpu
#define __init
#define __iomem
#define __must_check
#define __force
#define __read_mostly
#define __maybe_unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __printf(text, first) __attribute__((format(printf, text, first)))
#define fallthrough __attribute__((fallthrough))
#define noinline __attribute__((noinline))
#define asmlinkage
#define likely(x) (x)
#define unlikely(x) (x)
#define __same_type(a, b) __builtin_types_compatible_p(typeof(a), typeof(b))
#define static_assert _Static_assert
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define READ_ONCE(x) (*(const volatile typeof(x)*)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x)*)&(x) = (value))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define IS_ENABLED(option) SHIM_IS_SET(option)
#define SHIM_IS_SET(value) SHIM_PICK(SHIM_COMMA_##value) /* an option that is set is 1 */
#define SHIM_COMMA_1 0,
#define SHIM_PICK(comma) SHIM_SECOND(comma 1, 0, )
#define SHIM_SECOND(first, second, ...) second
#define EXPORT_SYMBOL_GPL(symbol)
#define late_initcall(function)
#define core_initcall(function)
#define fs_initcall(function)
#define MODULE_LICENSE(text)
#define LIST_POISON1 ((void*)0x100)
#define LIST_POISON2 ((void*)0x122)
#define smp_load_acquire(pointer) __atomic_load_n(pointer, __ATOMIC_ACQUIRE)
#define smp_store_release(pointer, value) __atomic_store_n(pointer, value, __ATOMIC_RELEASE)
#define xchg(pointer, value) __atomic_exchange_n(pointer, value, __ATOMIC_SEQ_CST)

/* Types. */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef uint64_t phys_addr_t;
typedef unsigned int gfp_t;
typedef unsigned short umode_t;
typedef u32 note_buf_t[1];
typedef u32 compat_ulong_t, compat_uptr_t, compat_size_t;
struct list_head {
  struct list_head *next, *prev;
};
struct hlist_node {
  struct hlist_node *next, **pprev;
};
struct hlist_head {
  struct hlist_node* first;
};
typedef struct {
  int counter;
} atomic_t;
#define ATOMIC_INIT(value) {value}
#define atomic_try_cmpxchg_acquire(atomic, old, new) \
  __atomic_compare_exchange_n(&(atomic)->counter, old, new, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)
#define atomic_set_release(atomic, value) __atomic_store_n(&(atomic)->counter, value, __ATOMIC_RELEASE)

/* Numbers: include/uapi/asm-generic/errno*.h. */
enum {
  EPERM = 1,
  EINTR = 4,
  EAGAIN = 11,
  ENOMEM = 12,
  EFAULT = 14,
  EBUSY = 16,
  EINVAL = 22,
  ENOSPC = 28,
  ENOSYS = 38,
  EOVERFLOW = 75,
  EADDRNOTAVAIL = 99,
  ERESTARTSYS = 512,
};
#define IS_ERR(pointer) ((unsigned long)(pointer) >= (unsigned long)-4095)
#define IS_ERR_OR_NULL(pointer) (!(pointer) || IS_ERR(pointer))
#define PTR_ERR(pointer) ((long)(pointer))
#define ERR_PTR(number) ((void*)(long)(number))
#define min(a, b)                  \
  ({                               \
    typeof(a) min_a = (a);         \
    typeof(b) min_b = (b);         \
    min_a < min_b ? min_a : min_b; \
  })
#define max(a, b)                  \
  ({                               \
    typeof(a) max_a = (a);         \
    typeof(b) max_b = (b);         \
    max_a > max_b ? max_a : max_b; \
  })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define min3(a, b, c) min(min(a, b), c)
#define clamp(value, low, high) min(max(value, low), high)
#define swap(a, b)          \
  do {                      \
    typeof(a) swap_a = (a); \
    (a) = (b);              \
    (b) = swap_a;           \
  } while (0)
#define BIT(n) (1UL << (n))
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ALIGN(x, a) (((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define round_up(x, a) ALIGN(x, a)
#define round_down(x, a) ALIGN_DOWN(x, a)
#define ilog2(n) (63 - __builtin_clzll(n))
#define __ffs(n) ((unsigned long)__builtin_ctzl(n))
#define __fls(n) ((unsigned long)(63 - __builtin_clzl(n)))
#define check_add_overflow(a, b, result) __builtin_add_overflow(a, b, result)
#define check_sub_overflow(a, b, result) __builtin_sub_overflow(a, b, result)
#define check_mul_overflow(a, b, result) __builtin_mul_overflow(a, b, result)
#define struct_size(pointer, member, count) (sizeof(*(pointer)) + sizeof((pointer)->member[0]) * (count))
#define sort(base, count, size, compare, exchange) qsort(base, count, size, compare)
#define SZ_1M 0x100000
#define SZ_2M 0x200000

/* Locks: one thread, so all a lock can do is be taken twice, which ShimLock refuses. */
struct mutex {
  bool held;
};
typedef struct mutex spinlock_t, rwlock_t;
#define __MUTEX_INITIALIZER(name) {false}
#define DEFINE_MUTEX(name) struct mutex name
#define DEFINE_SPINLOCK(name) spinlock_t name
void ShimLock(struct mutex* lock);
void ShimUnlock(struct mutex* lock);
#define mutex_lock(lock) ShimLock(lock)
#define mutex_unlock(lock) ShimUnlock(lock)
#define mutex_init(lock) ((lock)->held = false)
#define spin_lock(lock) ShimLock(lock)
#define spin_unlock(lock) ShimUnlock(lock)
#define lockdep_assert_held(lock) ((void)0)

/* Pages. */
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x) IS_ALIGNED(x, PAGE_SIZE)
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)
#define PHYS_PFN(x) ((unsigned long)((x) >> PAGE_SHIFT))
#define MAX_PAGE_ORDER 10
#define MAX_ORDER_NR_PAGES (1 << MAX_PAGE_ORDER)
#define pageblock_order 9
#define HPAGE_PMD_ORDER 9
#define PAGE_ALLOC_COSTLY_ORDER 3
struct page {
  struct list_head lru;
  void* mapping;
  unsigned long private;
  uint8_t order; /* of the block this page is the head of */
  bool allocated;
  bool reserved;
};
/* include/linux/gfp_types.h has these names; the values only have to differ. */
#define __GFP_HIGHMEM 0x2u
#define __GFP_IO 0x40u
#define __GFP_FS 0x80u
#define __GFP_ZERO 0x100u
#define __GFP_DIRECT_RECLAIM 0x400u
#define __GFP_KSWAPD_RECLAIM 0x800u
#define __GFP_RECLAIM (__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)
#define __GFP_NOWARN 0x2000u
#define __GFP_RETRY_MAYFAIL 0x4000u
#define __GFP_NOFAIL 0x8000u
#define __GFP_NORETRY 0x10000u
#define __GFP_MOVABLE 0x20000u
#define __GFP_HARDWALL 0x40000u
#define __GFP_ACCOUNT 0x80000u
#define __GFP_NOMEMALLOC 0x100000u
#define __GFP_COMP 0x200000u
#define GFP_KERNEL (__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_NOWAIT (__GFP_KSWAPD_RECLAIM | __GFP_NOWARN)
#define GFP_USER (GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER (GFP_USER | __GFP_HIGHMEM)
struct page* alloc_pages(gfp_t gfp, unsigned int order);
struct page* alloc_pages_at(gfp_t gfp, unsigned long pfn, unsigned int* order);
void __free_pages(struct page* page, unsigned int order);
void split_page(struct page* page, unsigned int order);
struct page* pfn_to_page(unsigned long pfn);
unsigned long page_to_pfn(const struct page* page);
unsigned long totalram_pages(void);
void* phys_to_virt(phys_addr_t address);
phys_addr_t virt_to_phys(const void* address);
#define alloc_page(gfp) alloc_pages(gfp, 0)
#define drain_all_pages(zone) \
  ((void)(zone)) /* there are no per-CPU lists: hidden_percent is what a load does not see */
#define get_online_mems() ((void)0)
#define put_online_mems() ((void)0)
#define __free_page(page) __free_pages(page, 0)
#define __va(address) phys_to_virt(address)
#define __pa(address) virt_to_phys((const void*)(address))
#define page_address(page) phys_to_virt(PFN_PHYS(page_to_pfn(page)))
#define page_to_phys(page) PFN_PHYS(page_to_pfn(page))
#define phys_to_page(address) pfn_to_page((address) >> PAGE_SHIFT)
#define virt_to_page(address) pfn_to_page(__pa(address) >> PAGE_SHIFT)
#define pfn_valid(pfn) ((pfn) < ShimPages())
unsigned long ShimPages(void);
#define page_private(page) ((page)->private)
#define set_page_private(page, value) ((page)->private = (value))
#define SetPageReserved(page) ((page)->reserved = true)
#define ClearPageReserved(page) ((page)->reserved = false)
#define __SetPageReserved(page) SetPageReserved(page)
#define __ClearPageReserved(page) ClearPageReserved(page)
#define PageReserved(page) ((page)->reserved)
#define PageHighMem(page) false
#define nth_page(page, n) ((page) + (n))
#define kmap_local_page(page) page_address(page)
#define kunmap_local(address) ((void)(address))
#define kmap(page) page_address(page)
#define kunmap(page) ((void)(page))
#define vmap(pages, count, flags, protection) page_address((pages)[0])
#define vunmap(address) ((void)(address))
void clear_page(void* page);
#define clear_highpage(page) clear_page(page_address(page))
void copy_highpage(struct page* to, struct page* from);
static inline int get_order(unsigned long size) {
  return size <= PAGE_SIZE ? 0 : ilog2(size - 1) - PAGE_SHIFT + 1;
}

/* Objects and tables. */
void* ShimAllocate(size_t count, size_t size, gfp_t gfp);
void ShimFree(const void* object);
#define kmalloc(size, gfp) ShimAllocate(1, size, gfp)
#define kzalloc(size, gfp) ShimAllocate(1, size, (gfp) | __GFP_ZERO)
#define kmalloc_array(count, size, gfp) ShimAllocate(count, size, gfp)
#define kcalloc(count, size, gfp) ShimAllocate(count, size, (gfp) | __GFP_ZERO)
#define kvmalloc(size, gfp) ShimAllocate(1, size, gfp)
#define kvzalloc(size, gfp) ShimAllocate(1, size, (gfp) | __GFP_ZERO)
#define kvmalloc_array(count, size, gfp) ShimAllocate(count, size, gfp)
#define kvcalloc(count, size, gfp) ShimAllocate(count, size, (gfp) | __GFP_ZERO)
#define __vmalloc(size, gfp) ShimAllocate(1, size, gfp)
#define vmalloc(size) ShimAllocate(1, size, GFP_KERNEL)
#define vzalloc(size) ShimAllocate(1, size, GFP_KERNEL | __GFP_ZERO)
#define kfree(object) ShimFree(object)
#define kvfree(object) ShimFree(object)
#define vfree(object) ShimFree(object)

/* The caller of the system call: its memory, its signals, its rights. */
struct task_struct {
  int pid;
};
extern struct task_struct* current;
unsigned long copy_from_user(void* to, const void __user* from, unsigned long count);
void* memdup_array_user(const void __user* from, size_t count, size_t size);
#define compat_ptr(address) ((void __user*)(unsigned long)(address))
bool ShimPoll(void);
void ShimReschedule(void);
#define fatal_signal_pending(task) ((void)(task), ShimPoll())
#define signal_pending(task) ((void)(task), ShimPoll())
#define cond_resched() ShimReschedule()
#define need_resched() false
#define capable(capability) true
enum { CAP_SYS_BOOT = 22, LOADING_KEXEC_IMAGE = 0, LOCKDOWN_KEXEC = 0 };
#define security_kernel_load_data(what, contents) 0
#define security_locked_down(what) 0
#define SYSCALL_DEFINE4(name, type1, arg1, type2, arg2, type3, arg3, type4, arg4) \
  long sys_##name(type1 arg1, type2 arg2, type3 arg3, type4 arg4)
#define COMPAT_SYSCALL_DEFINE4(name, type1, arg1, type2, arg2, type3, arg3, type4, arg4) \
  long compat_sys_##name(type1 arg1, type2 arg2, type3 arg3, type4 arg4)

/* The log. Formats only the kernel knows (%pa, %pR, ...) are refused by ShimLog. */
void ShimLog(const char* format, ...) __printf(1, 2);
void ShimWarn(const char* condition, const char* file, int line);
#ifndef pr_fmt
#define pr_fmt(format) format
#endif
#define pr_err(format, ...) ShimLog(pr_fmt(format), ##__VA_ARGS__)
#define pr_warn(format, ...) ShimLog(pr_fmt(format), ##__VA_ARGS__)
#define pr_notice(format, ...) ShimLog(pr_fmt(format), ##__VA_ARGS__)
#define pr_info(format, ...) ShimLog(pr_fmt(format), ##__VA_ARGS__)
#define pr_debug(format, ...) ((void)sizeof(printf(pr_fmt(format), ##__VA_ARGS__)))
#define pr_err_ratelimited pr_err
#define pr_warn_ratelimited pr_warn
#define pr_notice_ratelimited pr_notice
#define pr_info_ratelimited pr_info
#define WARN_ON(condition)                              \
  ({                                                    \
    bool warn = !!(condition);                          \
    if (warn) ShimWarn(#condition, __FILE__, __LINE__); \
    warn;                                               \
  })
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define BUG_ON(condition) ((void)WARN_ON(condition))

/* Trace points: their arguments are checked, and they are on, so that what prepares them runs. */
#define TP_PROTO(...) __VA_ARGS__
#define TRACE_EVENT(name, prototype, ...)       \
  static inline void trace_##name(prototype) {} \
  static inline bool trace_##name##_enabled(void) { return true; }

/* The architecture: x86_64 (arch/x86/include/asm/kexec.h), with limits a test can move. */
#define KEXEC_SOURCE_MEMORY_LIMIT ShimSourceLimit()
#define KEXEC_DESTINATION_MEMORY_LIMIT ShimDestinationLimit()
#define KEXEC_CONTROL_MEMORY_LIMIT ShimSourceLimit()
#define KEXEC_CONTROL_PAGE_SIZE 4096
#define KEXEC_ARCH KEXEC_ARCH_X86_64
unsigned long ShimSourceLimit(void);
unsigned long ShimDestinationLimit(void);
struct resource {
  phys_addr_t start, end;
};
extern struct resource crashk_res;
struct kimage;
int kimage_crash_copy_vmcoreinfo(struct kimage* image);
#define crash_update_vmcoreinfo_safecopy(address) ((void)(address))
#define arch_kexec_protect_crashkres() ((void)0)
#define arch_kexec_unprotect_crashkres() ((void)0)
#define free_reserved_page(page) ((void)(page))

/* kernel_kexec: what goes before and after a jump. */
enum { PMSG_FREEZE, PMSG_RESTORE, KMSG_DUMP_SHUTDOWN, VM_MAP, PAGE_KERNEL };
#define pm_prepare_console() ((void)0)
#define pm_restore_console() ((void)0)
#define freeze_processes() 0
#define thaw_processes() ((void)0)
#define suspend_console() ((void)0)
#define resume_console() ((void)0)
#define dpm_suspend_start(message) 0
#define dpm_suspend_end(message) 0
#define dpm_resume_start(message) ((void)0)
#define dpm_resume_end(message) ((void)0)
#define suspend_disable_secondary_cpus() 0
#define suspend_enable_secondary_cpus() ((void)0)
#define local_irq_disable() ((void)0)
#define local_irq_enable() ((void)0)
#define syscore_suspend() 0
#define syscore_resume() ((void)0)
#define syscore_shutdown() ((void)0)
#define kernel_restart_prepare(command) ((void)(command))
#define migrate_to_reboot_cpu() ((void)0)
#define cpu_hotplug_enable() ((void)0)
#define machine_shutdown() ((void)0)
#define kmsg_dump(reason) ((void)0)

#endif /* __ASSEMBLY__ */
#endif /* KEXEC_TESTS_SHIM_H */
