/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkexec's stable C interface: load another kernel, execute it, unload it, ask what is loaded.
 *
 * A kexec_context is the machine (the host, or a recorded one that is only planned for) and holds the last
 * error; a kexec_request is one load: a kernel, initrds, a command line. Both are opaque; fields are set by
 * functions, so that programs keep working when there are more of them. Nothing is global: contexts are
 * independent, and one context serves one thread at a time.
 *
 * Functions that can fail return KEXEC_OK (0) or a positive enum kexec_error; kexec_error_text() then has the
 * sentence a person wants to read. Strings go in as UTF-8 or plain bytes, end with a zero byte and are
 * copied. Texts come out as UTF-8; control characters and other bytes in names from outside are shown as
 * \xNN.
 *
 * NULL is KEXEC_ERROR_USAGE wherever it is not said to be allowed; of a NULL context or request no text is
 * kept. Nothing is thrown, also when memory is short, and also by a message function in C++.
 *
 * Kernel and initrds are mapped, not read. While a function runs, a file that another program cuts short does
 * no harm: it is KEXEC_ERROR_IO when the request is planned or loaded, and nothing is loaded from it. For
 * that time the library handles SIGBUS, in every thread, passes what is not its own on to the action that was
 * there before, and puts that action back at the end; a function may run in several threads at once, with a
 * context each.
 */
#ifndef KEXEC_KEXEC_H
#define KEXEC_KEXEC_H

#include <stddef.h>

#if defined(__GNUC__)
#define KEXEC_API __attribute__((visibility("default")))
#else
#define KEXEC_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kexec_context kexec_context;
typedef struct kexec_request kexec_request;

/* Why a call failed. Values stay; new ones may follow, so treat an unknown one as a failure. */
enum kexec_error {
  KEXEC_OK = 0,
  KEXEC_ERROR_IO = 1,              /* a file could not be opened, read or written */
  KEXEC_ERROR_USAGE = 2,           /* arguments that contradict each other or are impossible */
  KEXEC_ERROR_NOT_RECOGNISED = 3,  /* no loader knows the kernel file */
  KEXEC_ERROR_MALFORMED = 4,       /* a file is damaged or cut short */
  KEXEC_ERROR_UNSUPPORTED = 5,     /* understood, but neither this library nor this kernel can do it */
  KEXEC_ERROR_DOES_NOT_FIT = 6,    /* no room in memory, or too long */
  KEXEC_ERROR_NO_CRASH_REGION = 7, /* a crash load without memory reserved by crashkernel= */
  KEXEC_ERROR_INVALID_IMAGE = 8,   /* the plan breaks a rule of the kernel; nothing was loaded */
  KEXEC_ERROR_SYSCALL = 9          /* the kernel refused; kexec_error_errno() has its errno */
};

/* The kernel keeps two images: the one kexec_execute() starts, and the one a panic starts. */
enum kexec_kind { KEXEC_KIND_NORMAL = 0, KEXEC_KIND_CRASH = 1 };

/* Which system call loads. Auto: kexec_file_load where it can do what was asked, else kexec_load, unless that
 * would lose what the running kernel hands to the next one (IMA's measurements, Kexec Handover). */
enum kexec_call { KEXEC_CALL_AUTO = 0, KEXEC_CALL_LOAD = 1, KEXEC_CALL_FILE = 2 };

/* The check of every byte that the loaded image makes before it starts. */
enum kexec_digest { KEXEC_DIGEST_XXH128 = 0, KEXEC_DIGEST_SHA256 = 1, KEXEC_DIGEST_NONE = 2 };

enum kexec_message { KEXEC_MESSAGE_DEBUG = 0, KEXEC_MESSAGE_WARNING = 1 };

/* "0.1.0": the version of the library in use. Static storage. */
KEXEC_API const char* kexec_version(void);

/*
 * Opens the machine. `root` is NULL or "/" for the host, or a directory recorded by `kexec --capture`:
 * requests on such a machine can be planned, not loaded. Stores a context for kexec_context_free() in
 * `*context`, also when the answer is not KEXEC_OK, so that the error can be read; only when memory is short
 * is it NULL.
 */
KEXEC_API int kexec_context_new(const char* root, kexec_context** context);
/* NULL is allowed. What is asked of its requests afterwards is KEXEC_ERROR_USAGE; they are freed on their
 * own. */
KEXEC_API void kexec_context_free(kexec_context* context);

/* Called with what is odd but no failure, and with the details of a load. `text` is valid during the call. */
typedef void kexec_message_function(void* user, int kind, const char* text);
KEXEC_API void kexec_context_set_messages(kexec_context* context, kexec_message_function* function,
                                          void* user);

/* Of the last failed call on this context or its requests: one sentence without a final period ("" if none
 * failed yet), valid until the next call; the enum kexec_error; the errno of the kernel or 0. Of a NULL
 * context a sentence that says so, KEXEC_ERROR_USAGE and 0. */
KEXEC_API const char* kexec_error_text(const kexec_context* context);
KEXEC_API int kexec_error_code(const kexec_context* context);
KEXEC_API int kexec_error_errno(const kexec_context* context);

/* A new, empty request for kexec_request_free(); NULL when memory is short or the context is NULL. */
KEXEC_API kexec_request* kexec_request_new(kexec_context* context);
/* NULL is allowed. What was loaded stays loaded. */
KEXEC_API void kexec_request_free(kexec_request* request);

/* The kernel file; it is opened at once. A later call replaces it. "-" is standard input. */
KEXEC_API int kexec_request_set_kernel(kexec_request* request, const char* path);
/* The same from an open descriptor, which stays the caller's and is not needed after the call: with the
 * rights it was opened with, a regular file from its beginning, a pipe or socket to its end. */
KEXEC_API int kexec_request_set_kernel_fd(kexec_request* request, int fd);
/* One more initrd, behind those added before. */
KEXEC_API int kexec_request_add_initrd(kexec_request* request, const char* path);
KEXEC_API int kexec_request_add_initrd_fd(kexec_request* request, int fd);
/* The new kernel's command line, as it will see it; "" if never set. */
KEXEC_API int kexec_request_set_command_line(kexec_request* request, const char* command_line);
/* The type of kernel file, as `kexec -t` takes it; NULL: found by looking at the file. */
KEXEC_API int kexec_request_set_type(kexec_request* request, const char* type);
/* Enum kexec_kind, kexec_call, kexec_digest. KEXEC_ERROR_USAGE for any other number. A digest other than the
 * default implies kexec_load where the call is auto. */
KEXEC_API int kexec_request_set_kind(kexec_request* request, int kind);
KEXEC_API int kexec_request_set_call(kexec_request* request, int call);
KEXEC_API int kexec_request_set_digest(kexec_request* request, int digest);

/*
 * Plans a kexec_load of the request without loading anything; needs no privilege on a recorded machine.
 * Stores a text for kexec_text_free() in `*text`: for people, or JSON
 * {"kind","entry","segments":[{"label","begin","end","file_bytes"}]} with addresses as "0x..." strings. NULL
 * on failure.
 */
KEXEC_API int kexec_request_plan_text(kexec_request* request, char** text);
KEXEC_API int kexec_request_plan_json(kexec_request* request, char** text);
KEXEC_API void kexec_text_free(char* text);

/* Hands the request to the kernel. After KEXEC_OK the kernel has its own copy of everything. Needs
 * CAP_SYS_BOOT. */
KEXEC_API int kexec_request_load(kexec_request* request);

/* Unloads what is loaded; nothing being loaded is success. */
KEXEC_API int kexec_unload(kexec_context* context, int kind);
/* Stores 1 in `*loaded` if an image of that kind is loaded, else 0. Needs no privilege. */
KEXEC_API int kexec_status(kexec_context* context, int kind, int* loaded);
/* Jumps into the loaded kernel at once: no service is stopped, nothing is synced. Returns only when that
 * failed. */
KEXEC_API int kexec_execute(kexec_context* context);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* KEXEC_KEXEC_H */
