package gstglue

// #include <glib-object.h>
// static void set_enum_value (GEnumValue *values, guint i, gint value, gchar *name, gchar *nick) {
//   values[i].value = value; values[i].value_name = name; values[i].value_nick = nick;
// }
import "C"

import "github.com/go-gst/go-glib/pkg/gobject/v2"

// EnumValue is a choice of an enum property. Nick is what users write, Blurb the
// sentence that gst-inspect shows.
type EnumValue struct {
	Value       int32
	Nick, Blurb string
}

// RegisterEnum makes an enum type. It stays for the life of the process, as all types do.
func RegisterEnum(name string, values []EnumValue) gobject.Type {
	table := (*C.GEnumValue)(C.g_malloc0_n(C.gsize(len(values)+1), C.sizeof_GEnumValue))
	for i, v := range values {
		C.set_enum_value(table, C.guint(i), C.gint(v.Value), C.CString(v.Blurb), C.CString(v.Nick))
	}
	t := C.g_enum_register_static(C.CString(name), table)
	C.g_type_class_ref(t)
	return gobject.Type(t)
}

// EnumOf is a value of an enum property, as GetProperty has to return it.
type EnumOf struct {
	Type  gobject.Type
	Value int32
}

// GoValueType implements gobject.GoValueInitializer.
func (e EnumOf) GoValueType() gobject.Type { return e.Type }

// SetGoValue implements gobject.GoValueInitializer.
func (e EnumOf) SetGoValue(v *gobject.Value) { v.SetEnum(e.Value) }
