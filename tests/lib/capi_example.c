/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program in C does with libkexec: shows whether a kernel is loaded, and with a kernel file, where it
 * would go.
 *
 *   capi_example ROOT [KERNEL [INITRD]]    ROOT: "/" or a machine recorded by `kexec --capture`
 */
#include <kexec/kexec.h>
#include <stdio.h>
#include <string.h>

static int fail(const kexec_context* context) {
  fprintf(stderr, "capi_example: %s\n", kexec_error_text(context));
  return 1;
}

static int show_plan(kexec_context* context, const char* kernel, const char* initrd) {
  char* plan = NULL;
  int status = KEXEC_OK;
  kexec_request* request = kexec_request_new(context);
  if (request == NULL) return 1;
  status = kexec_request_set_kernel(request, kernel);
  if (status == KEXEC_OK && initrd != NULL) status = kexec_request_add_initrd(request, initrd);
  if (status == KEXEC_OK) status = kexec_request_set_command_line(request, "root=/dev/vda1 quiet");
  if (status == KEXEC_OK) status = kexec_request_plan_json(request, &plan);
  if (status == KEXEC_OK) puts(plan);
  kexec_text_free(plan);
  kexec_request_free(request);
  return status == KEXEC_OK ? 0 : fail(context);
}

int main(int argc, char** argv) {
  kexec_context* context = NULL;
  int loaded = 0;
  int status = 0;
  if (argc < 2) {
    fprintf(stderr, "usage: capi_example ROOT [KERNEL [INITRD]]\n");
    return 2;
  }
  if (kexec_context_new(argv[1], &context) != KEXEC_OK ||
      kexec_status(context, KEXEC_KIND_NORMAL, &loaded) != KEXEC_OK) {
    status = fail(context);
  } else {
    printf("libkexec %s: %s\n", kexec_version(), loaded ? "a kernel is loaded" : "no kernel is loaded");
    if (argc > 2) status = show_plan(context, argv[2], argc > 3 ? argv[3] : NULL);
  }
  kexec_context_free(context);
  return status;
}
