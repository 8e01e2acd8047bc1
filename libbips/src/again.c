#include "again.h"

#include "deadline.h"
#include "words.h"

#define AGAIN_LIMIT SECOND /* how long a producer that has no time is left alone at most, whatever it says */

void again_after(struct again *a, int64_t wait, const struct file_id *socket) {
  wait = earlier(wait, AGAIN_LIMIT);
  *a = (struct again){sys_now() + (wait < SEARCH_LIMIT ? SEARCH_LIMIT : wait), *socket};
}

int64_t again_left(struct again *a, const struct paths *paths) {
  int64_t left = a->at == 0 ? 0 : a->at - sys_now();
  struct file_id named;
  path_text path;

  if (left > 0 && sys_stat_path(pool_path(paths, path), &named) == 0 && sys_same_file(&named, &a->socket))
    return left;
  a->at = 0;
  return 0;
}
