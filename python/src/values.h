// Values in the structures of metadata: those of bips/meta.h as Python's, and back.
#pragma once

#include <bips/meta.h>

#include "native.h"

namespace bips_python {

// structure_of is a structure as a bips.Structure.
nb::object structure_of(const bips_meta_structure &structure);

// put_structure writes a bips.Structure as one of a record's own. What cannot be written is remembered by the writer,
// and told when the record ends; TypeError is thrown for what is no value of metadata.
void put_structure(bips_meta_writer *writer, nb::handle structure);

// text_of is a text as a str.
nb::str text_of(const bips_meta_text &text);

// bytes_of is a copy.
nb::bytes bytes_of(const bips_meta_bytes &bytes);

void add_values(nb::module_ &m);

}  // namespace bips_python
