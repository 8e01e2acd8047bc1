#include "values.h"

#include <climits>
#include <cstring>
#include <string>

#include "errors.h"

namespace bips_python {

namespace {

// Classes of Python that values are made of: fractions.Fraction, and those of bips.metadata. Never freed.
PyObject *fraction, *structure_class, *alternatives, *other, *integer, *real, *octets;

nb::object value_of(const bips_meta_value &value);

// usual_origin is what a plain int is written as: what gst_structure_get_int finds, if it fits.
uint32_t usual_origin(int64_t number) { return number >= INT32_MIN && number <= INT32_MAX ? BIPS_META_ORIGIN_32 : BIPS_META_ORIGIN_64; }

nb::list elements_of(bips_meta_fields fields) {
  bips_meta_value element;
  nb::list list;

  while (bips_meta_next_value(&fields, &element) > 0)
    list.append(value_of(element));
  return list;
}

nb::object value_of(const bips_meta_value &value) {
  switch (value.kind) {
  case BIPS_META_KIND_BOOL: return nb::bool_(value.as.boolean != 0);
  case BIPS_META_KIND_INT:
    if (value.origin == usual_origin(value.as.integer))
      return nb::int_(value.as.integer);
    return nb::borrow(integer)(value.as.integer, value.origin, false);
  case BIPS_META_KIND_UINT:
    if (value.origin == BIPS_META_ORIGIN_64 && value.as.whole > INT64_MAX)
      return nb::int_(value.as.whole);
    return nb::borrow(integer)(value.as.whole, value.origin, true);
  case BIPS_META_KIND_FLOAT:
    if (value.origin == BIPS_META_ORIGIN_64)
      return nb::float_(value.as.real);
    return nb::borrow(real)(value.as.real, value.origin);
  case BIPS_META_KIND_TEXT: return text_of(value.as.text);
  case BIPS_META_KIND_BYTES:
    if (value.origin == BIPS_META_ORIGIN_BUFFER)
      return bytes_of(value.as.bytes);
    return nb::borrow(octets)(bytes_of(value.as.bytes), value.origin);
  case BIPS_META_KIND_FRACTION: return nb::borrow(fraction)(value.as.fraction.numerator, value.as.fraction.denominator);
  case BIPS_META_KIND_STRUCTURE: return structure_of(value.as.structure);
  case BIPS_META_KIND_ARRAY: return elements_of(value.as.elements);
  case BIPS_META_KIND_LIST: return nb::borrow(alternatives)(elements_of(value.as.elements));
  case BIPS_META_KIND_OTHER: return nb::borrow(other)(text_of(value.as.other.type), text_of(value.as.other.text));
  }
  return nb::none();
}

// NumberKind is what all numbers of an array are written as, since its elements are of one kind.
enum class NumberKind { kOwn, kFloat, kWide };

bool is_instance(nb::handle value, PyObject *type) { return PyObject_IsInstance(value.ptr(), type) == 1; }
bool is_whole(nb::handle value) { return !PyBool_Check(value.ptr()) && PyIndex_Check(value.ptr()); }
bool is_real(nb::handle value) {
  return PyFloat_Check(value.ptr()) || (!is_whole(value) && !PyBool_Check(value.ptr()) && !is_instance(value, fraction) && PyObject_HasAttrString(value.ptr(), "__float__"));
}

void put_whole(bips_meta_writer *writer, const char *key, nb::handle value, bool wide) {
  nb::object whole = nb::steal(PyNumber_Index(value.ptr()));
  int overflow;

  if (!whole.is_valid())
    throw nb::python_error();
  long long number = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
  if (overflow == 0) {
    bips_meta_put_int(writer, key, number, wide ? static_cast<uint32_t>(BIPS_META_ORIGIN_64) : usual_origin(number));
    return;
  }
  unsigned long long large = PyLong_AsUnsignedLongLong(whole.ptr());
  if (PyErr_Occurred())
    throw nb::python_error(); // OverflowError
  bips_meta_put_uint(writer, key, large, BIPS_META_ORIGIN_64);
}

void put_real(bips_meta_writer *writer, const char *key, nb::handle value) {
  double real = PyFloat_AsDouble(value.ptr());

  if (real == -1.0 && PyErr_Occurred())
    throw nb::python_error();
  bips_meta_put_float(writer, key, real, BIPS_META_ORIGIN_64);
}

// Level is a level of values in one another. That they are deeper than the format allows the writer says when the record ends; a list that has
// itself in it would let it wait for that for ever. Throws ValueError.
class Level {
 public:
  Level() {
    if (depth_ == kDeepest)
      raise_value("structures and lists in one another, deeper than " + std::to_string(BIPS_META_MAX_DEPTH) + ", or without an end");
    depth_++;
  }
  Level(const Level &) = delete;
  Level &operator=(const Level &) = delete;
  ~Level() { depth_--; }

 private:
  static constexpr int kDeepest = 16 * BIPS_META_MAX_DEPTH;
  static thread_local int depth_;
};
thread_local int Level::depth_ = 0;

void put_value(bips_meta_writer *writer, const char *key, nb::handle value, NumberKind kind);

// has_origin reports whether a value was read, and is to be written as what it was then.
bool has_origin(nb::handle value) { return is_instance(value, integer) || is_instance(value, real) || is_instance(value, octets); }

NumberKind kind_of(nb::handle elements) {
  NumberKind kind = NumberKind::kOwn;

  for (nb::handle e : elements) {
    if (has_origin(e))
      return NumberKind::kOwn;
    if (is_real(e))
      return NumberKind::kFloat;
    if (!is_whole(e))
      continue;
    nb::object whole = nb::steal(PyNumber_Index(e.ptr()));
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
    if (overflow != 0 || number < INT32_MIN || number > INT32_MAX)
      kind = NumberKind::kWide;
  }
  return kind;
}

void put_elements(bips_meta_writer *writer, const char *key, nb::handle elements) {
  NumberKind kind = kind_of(elements);
  Level level;

  if (is_instance(elements, alternatives))
    bips_meta_put_list(writer, key);
  else
    bips_meta_put_array(writer, key);
  for (nb::handle e : elements)
    put_value(writer, nullptr, e, kind);
  bips_meta_end(writer);
}

// chars_of is a str's UTF-8, which lives as long as the str. Throws TypeError, and ValueError where a zero byte would end it.
const char *chars_of(nb::handle text) {
  Py_ssize_t length = 0;
  const char *chars = PyUnicode_Check(text.ptr()) ? PyUnicode_AsUTF8AndSize(text.ptr(), &length) : nullptr;

  if (chars == nullptr) {
    if (PyErr_Occurred())
      throw nb::python_error();
    raise_type("names and keys of structures are str");
  }
  if (std::strlen(chars) != static_cast<size_t>(length))
    raise_value("metadata cannot carry a text with a zero byte in it");
  return chars;
}

void put_fields(bips_meta_writer *writer, nb::handle fields) {
  if (!PyDict_Check(fields.ptr()))
    raise_type("the fields of a structure are a dict");
  nb::object items = nb::steal(PyDict_Items(fields.ptr())); // a list of its own: a value's methods may change the dict
  if (!items.is_valid())
    throw nb::python_error();
  for (nb::handle item : items)
    put_value(writer, chars_of(item[0]), item[1], NumberKind::kOwn);
}

void put_with_origin(bips_meta_writer *writer, const char *key, nb::handle value) {
  uint32_t origin = nb::cast<uint32_t>(value.attr("origin"));

  if (is_instance(value, octets)) {
    nb::bytes bytes = nb::borrow<nb::bytes>(value);
    bips_meta_put_bytes(writer, key, bytes.c_str(), bytes.size(), origin);
  } else if (is_instance(value, real)) {
    bips_meta_put_float(writer, key, PyFloat_AsDouble(value.ptr()), origin);
  } else if (nb::cast<bool>(value.attr("unsigned"))) {
    bips_meta_put_uint(writer, key, nb::cast<uint64_t>(nb::int_(nb::borrow(value))), origin);
  } else {
    bips_meta_put_int(writer, key, nb::cast<int64_t>(nb::int_(nb::borrow(value))), origin);
  }
}

void put_value(bips_meta_writer *writer, const char *key, nb::handle value, NumberKind kind) {
  if (has_origin(value)) {
    put_with_origin(writer, key, value);
  } else if (value.is_none()) {
    bips_meta_put_none(writer, key);
  } else if (PyBool_Check(value.ptr())) {
    bips_meta_put_bool(writer, key, value.ptr() == Py_True);
  } else if (is_whole(value) && kind != NumberKind::kFloat) {
    put_whole(writer, key, value, kind == NumberKind::kWide);
  } else if (is_whole(value) || is_real(value)) {
    put_real(writer, key, value);
  } else if (PyUnicode_Check(value.ptr())) {
    bips_meta_put_text(writer, key, chars_of(value));
  } else if (PyObject_CheckBuffer(value.ptr())) {
    nb::bytes bytes = nb::bytes(value);
    bips_meta_put_bytes(writer, key, bytes.c_str(), bytes.size(), BIPS_META_ORIGIN_BUFFER);
  } else if (is_instance(value, fraction)) {
    bips_meta_put_fraction(writer, key, nb::cast<int32_t>(value.attr("numerator")), nb::cast<int32_t>(value.attr("denominator")));
  } else if (is_instance(value, structure_class)) {
    nb::object name = value.attr("name");
    Level level;
    bips_meta_put_structure(writer, key, chars_of(name));
    put_fields(writer, value.attr("fields"));
    bips_meta_end(writer);
  } else if (is_instance(value, other)) {
    nb::object type = value.attr("type"), text = value.attr("text");
    bips_meta_put_other(writer, key, chars_of(type), chars_of(text));
  } else if (PyList_Check(value.ptr()) || PyTuple_Check(value.ptr())) {
    put_elements(writer, key, value);
  } else {
    raise_type(std::string("metadata cannot carry a ") + nb::cast<nb::str>(nb::handle(reinterpret_cast<PyObject *>(Py_TYPE(value.ptr()))).attr("__name__")).c_str() +
        ": use None, bool, int, float, str, bytes, Fraction, list, bips.Structure");
  }
}

}  // namespace

nb::str text_of(const bips_meta_text &text) { return nb::str(text.chars, text.length); }

nb::bytes bytes_of(const bips_meta_bytes &bytes) {
  return nb::bytes(bytes.data == nullptr ? "" : static_cast<const char *>(bytes.data), bytes.data == nullptr ? 0 : bytes.size);
}

nb::object structure_of(const bips_meta_structure &structure) {
  bips_meta_fields fields = structure.fields;
  bips_meta_value value;
  nb::dict dict;

  while (bips_meta_next_value(&fields, &value) > 0)
    if (nb::str key = text_of(value.key); !dict.contains(key))
      dict[key] = value_of(value);
  return nb::borrow(structure_class)(text_of(structure.name), dict);
}

void put_structure(bips_meta_writer *writer, nb::handle structure) {
  nb::object name = structure.attr("name");

  bips_meta_begin_structure(writer, chars_of(name));
  put_fields(writer, structure.attr("fields"));
  bips_meta_end(writer);
}

void add_values(nb::module_ &m) {
  m.def(
      "use_values",
      [](nb::object fraction_class, nb::object structure_type, nb::object alternatives_class, nb::object other_class, nb::object integer_class,
          nb::object real_class, nb::object octets_class) {
        integer = integer_class.release().ptr();
        real = real_class.release().ptr();
        octets = octets_class.release().ptr();
        fraction = fraction_class.release().ptr();
        structure_class = structure_type.release().ptr();
        alternatives = alternatives_class.release().ptr();
        other = other_class.release().ptr();
      },
      nb::arg("fraction"), nb::arg("structure"), nb::arg("alternatives"), nb::arg("other"), nb::arg("integer"), nb::arg("real"),
      nb::arg("octets"), "Tells the module what values are made of.");
}

}  // namespace bips_python
