/* bips/meta.h from C99, and by meta_cpp.cc from C++17: what is in its first comment. */
#include <bips/meta.h>

#include <string.h>

#include "check.h"

static void readme(void) {
  unsigned char area[512];
  bips_meta_writer writer;
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_region region = BIPS_META_REGION_INIT;
  bips_meta_custom custom = BIPS_META_CUSTOM_INIT;
  bips_meta_structure detection;
  double confidence = 0;

  region.x = 10, region.y = 20, region.width = 30, region.height = 40;
  bips_meta_set_text(&region.kind, "face");
  bips_meta_set_text(&custom.name, "acme-sensor");
  CHECK(bips_meta_writer_begin(&writer, area, sizeof area, 0) == 0, "%s", bips_error_message());
  bips_meta_begin_region(&writer, &region);
  bips_meta_begin_structure(&writer, "detection");
  bips_meta_put_float(&writer, "confidence", 0.875, BIPS_META_ORIGIN_64);
  bips_meta_end(&writer);
  CHECK(bips_meta_end_record(&writer) == 0, "%s", bips_error_message());
  bips_meta_begin_custom(&writer, &custom);
  bips_meta_begin_structure(&writer, "sensor");
  bips_meta_put_int(&writer, "lux", 120, BIPS_META_ORIGIN_32);
  bips_meta_end(&writer);
  CHECK(bips_meta_end_record(&writer) == 0, "%s", bips_error_message());

  memset(&region.x, 0, sizeof region.x);
  CHECK(bips_meta_begin(area, writer.size, &records) == 0 && bips_meta_next(&records, &record) > 0 && record.type == BIPS_META_REGION, "%s",
      bips_error_message());
  CHECK(bips_meta_read_region(&record, &region) == 0 && region.x == 10 && bips_meta_text_is(&region.kind, "face"), "%s", bips_error_message());
  CHECK(bips_meta_find(&region.params, "detection", &detection) && bips_meta_get_float(&detection, "confidence", &confidence) && confidence == 0.875,
      "%g", confidence);
  CHECK(bips_meta_next(&records, &record) > 0 && record.type == BIPS_META_CUSTOM && bips_meta_read_custom(&record, &custom) == 0 &&
          bips_meta_text_is(&custom.structure.name, "sensor"),
      "%s", bips_error_message());
}

TESTS({"metadata are written and read as the header shows", readme})
