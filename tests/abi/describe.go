package abi

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

// A description is the record of an interface while it is written.
type description struct {
	functions map[string]string
	macros    map[string]macro
	lines     []string
}

func (d *description) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// read adds all that the object tells of the headers.
func (d *description) read(object *elf.File) error {
	data, err := object.DWARF()
	if err != nil {
		return err
	}
	for name, m := range d.macros {
		if m.arguments != "" {
			d.add("macro %s%s: %s", name, m.arguments, m.text)
		}
	}
	entries := data.Reader()
	for {
		entry, err := entries.Next()
		if err != nil {
			return err
		}
		if entry == nil {
			return nil
		}
		name, _ := entry.Val(dwarf.AttrName).(string)
		switch entry.Tag {
		case dwarf.TagVariable:
			err = d.variable(object, data, entry, name)
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType, dwarf.TagTypedef:
			if strings.HasPrefix(name, "bips_") {
				err = d.named(data, entry)
			}
		case dwarf.TagCompileUnit:
			continue // what is in it comes next
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		entries.SkipChildren()
	}
}

// named adds a type.
func (d *description) named(data *dwarf.Data, entry *dwarf.Entry) error {
	what, err := data.Type(entry.Offset)
	if err != nil {
		return err
	}
	switch t := what.(type) {
	case *dwarf.StructType:
		if t.Incomplete {
			d.add("%s %s: opaque", t.Kind, t.StructName)
			return nil
		}
		if _, found := d.macros[initialiser(t.StructName)]; found {
			d.add("%s %s: begins with its size, may get longer", t.Kind, t.StructName)
		} else {
			d.add("%s %s: %d bytes", t.Kind, t.StructName, t.ByteSize)
		}
		d.fields(t.Kind+" "+t.StructName, t)
	case *dwarf.EnumType:
		d.add("enum %s: %d bytes", t.EnumName, t.ByteSize)
		for _, v := range t.Val {
			d.add("enum %s.%s: %d", t.EnumName, v.Name, v.Val)
		}
	case *dwarf.TypedefType:
		d.add("type %s: %s", t.Name, describe(t.Type))
	}
	return nil
}

// fields adds the fields of a struct or union, and those of structs in it that have no name.
func (d *description) fields(of string, t *dwarf.StructType) {
	for _, f := range t.Field {
		d.add("%s.%s: at %d, %d bytes, %s", of, f.Name, f.ByteOffset, f.Type.Size(), describe(f.Type))
		inner := f.Type
		if array, ok := inner.(*dwarf.ArrayType); ok {
			inner = array.Type
		}
		if s, ok := inner.(*dwarf.StructType); ok && s.StructName == "" {
			d.fields(of+"."+f.Name, s)
		}
	}
}

// variable adds what a variable of the probe stands for.
func (d *description) variable(object *elf.File, data *dwarf.Data, entry *dwarf.Entry, name string) error {
	offset, ok := entry.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return nil
	}
	what, err := data.Type(offset)
	if err != nil {
		return err
	}
	if function, found := strings.CutPrefix(name, functionPrefix); found {
		d.add("function %s@%s: %s", function, d.functions[function], describe(what.(*dwarf.PtrType).Type))
	}
	macro, found := strings.CutPrefix(name, macroPrefix)
	if !found {
		return nil
	}
	bytes, err := contents(object, name)
	if err != nil {
		return err
	}
	if initialised(macro) == "" {
		d.add("macro %s: %s %s", macro, describe(what), number(what, bytes))
		return nil
	}
	if size := binary.LittleEndian.Uint64(bytes); size != uint64(len(bytes)) {
		return fmt.Errorf("%s stores %d as the size of a struct of %d bytes", macro, size, len(bytes))
	}
	d.add("macro %s: the size", macro)
	for at := 8; at+8 <= len(bytes); at += 8 {
		if word := binary.LittleEndian.Uint64(bytes[at:]); word != 0 {
			d.add("macro %s: at %d, %#x", macro, at, word)
		}
	}
	return nil
}

// contents are the bytes that a variable begins with.
func contents(object *elf.File, name string) ([]byte, error) {
	symbols, err := object.Symbols()
	if err != nil {
		return nil, err
	}
	for _, s := range symbols {
		if s.Name != name {
			continue
		}
		if int(s.Section) >= len(object.Sections) {
			return nil, fmt.Errorf("it is in no section")
		}
		section := object.Sections[s.Section]
		if section.Type == elf.SHT_NOBITS {
			return make([]byte, s.Size), nil
		}
		bytes, err := section.Data()
		if err != nil {
			return nil, err
		}
		if s.Value+s.Size > uint64(len(bytes)) {
			return nil, fmt.Errorf("it is larger than its section")
		}
		return bytes[s.Value : s.Value+s.Size], nil
	}
	return nil, fmt.Errorf("cc left it out")
}

// number is a whole number in little-endian bytes.
func number(t dwarf.Type, bytes []byte) string {
	var all [8]byte
	copy(all[:], bytes)
	value := binary.LittleEndian.Uint64(all[:])
	if _, signed := t.(*dwarf.IntType); signed {
		unused := 64 - 8*len(bytes)
		return fmt.Sprint(int64(value<<unused) >> unused)
	}
	return fmt.Sprint(value)
}

// describe is a type in words that are the same with each compiler.
func describe(t dwarf.Type) string {
	switch t := t.(type) {
	case nil, *dwarf.VoidType:
		return "void"
	case *dwarf.TypedefType:
		return t.Name
	case *dwarf.QualType:
		return t.Qual + " " + describe(t.Type)
	case *dwarf.PtrType:
		return "pointer to " + describe(t.Type)
	case *dwarf.ArrayType:
		return fmt.Sprintf("%d of %s", t.Count, describe(t.Type))
	case *dwarf.StructType:
		if t.StructName == "" {
			return t.Kind
		}
		return t.Kind + " " + t.StructName
	case *dwarf.EnumType:
		return "enum " + t.EnumName
	case *dwarf.FuncType:
		var parameters []string
		for _, p := range t.ParamType {
			parameters = append(parameters, describe(p))
		}
		return fmt.Sprintf("(%s) returns %s", strings.Join(parameters, ", "), describe(t.ReturnType))
	case *dwarf.CharType, *dwarf.UcharType:
		return t.Common().Name
	case *dwarf.IntType:
		return fmt.Sprintf("int of %d bits", 8*t.ByteSize)
	case *dwarf.UintType:
		return fmt.Sprintf("unsigned int of %d bits", 8*t.ByteSize)
	case *dwarf.FloatType:
		return fmt.Sprintf("float of %d bits", 8*t.ByteSize)
	}
	return t.String()
}
