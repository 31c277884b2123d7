package serde

import (
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// fields collects the fields of t as vmihailenco/msgpack does: exported ones by name or by tag `msgpack:"name,omitempty"`, "-" left
// out, alias:"old" also read, those of embedded structs as if they were t's own. The field `_msgpack struct{}` with the tag
// `msgpack:",as_array"` writes t as an array. It differs where that package loses data or is in doubt: an embedded
// nil pointer stays nil, and two fields of one name are an error.
func (c *compiler) fields(s *structProgram, t reflect.Type) error {
	return c.collect(s, t, 0, nil, directNames(t))
}

// directNames are the names that t's own fields take; an embedded struct that would repeat one is written as a field.
func directNames(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for f := range t.Fields() {
		if tag := parseTag(f); !f.Anonymous && f.IsExported() && !tag.skip {
			names[tag.name] = true
		}
	}
	return names
}

func (c *compiler) collect(s *structProgram, t reflect.Type, offset uintptr, via *hop, taken map[string]bool) error {
	for f := range t.Fields() {
		tag := parseTag(f)
		if f.Name == "_msgpack" {
			s.asArray = s.asArray || tag.has("as_array") || tag.has("asArray")
		}
		if tag.skip || !f.IsExported() && !f.Anonymous {
			continue
		}
		if f.Anonymous && !tag.has("noinline") {
			inlined, err := c.embed(s, f, offset, via, taken)
			if err != nil {
				return err
			}
			if inlined {
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		prog, err := c.within("."+f.Name, f.Type)
		if err != nil {
			return err
		}
		add := field{name: tag.name, offset: offset + f.Offset, via: via, prog: prog}
		if tag.has("omitempty") {
			add.empty = emptiness(f.Type)
		}
		if err := c.add(s, add, tag.name, t); err != nil {
			return err
		}
		for _, o := range tag.options {
			if alias, ok := strings.CutPrefix(o, "alias:"); ok {
				if err := c.alias(s, strings.Trim(alias, "'"), t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *compiler) add(s *structProgram, f field, name string, t reflect.Type) error {
	s.fields = append(s.fields, f)
	return c.alias(s, name, t)
}

// alias makes name lead to the last field.
func (c *compiler) alias(s *structProgram, name string, t reflect.Type) error {
	if _, twice := s.byName[name]; twice {
		return c.fail(t, "two of its fields are written as %q: rename one with the tag `msgpack:\"name\"`", name)
	}
	s.byName[name] = len(s.fields) - 1
	return nil
}

// embed collects the fields of the embedded struct f, unless it has a codec of its own or shadows a name.
func (c *compiler) embed(s *structProgram, f reflect.StructField, offset uintptr, via *hop, taken map[string]bool) (bool, error) {
	t := f.Type
	behind := t.Kind() == reflect.Pointer
	if behind {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(c.embedding, t) {
		return false, nil
	}
	if o, err := ownInside(t); err != nil || o != ownNone {
		return false, err
	}
	for name := range directNames(t) {
		if _, twice := s.byName[name]; taken[name] || twice {
			return false, nil
		}
	}
	offset += f.Offset
	if behind {
		if !f.IsExported() {
			return false, nil // decoding could not set the pointer by any means that Go allows
		}
		via, offset = &hop{via: via, offset: offset, elem: t}, 0
	}
	c.embedding = append(c.embedding, t)
	c.path = append(c.path, "."+f.Name)
	err := c.collect(s, t, offset, via, taken)
	c.path = c.path[:len(c.path)-1]
	c.embedding = c.embedding[:len(c.embedding)-1]
	return true, err
}

// fieldTag is a parsed `msgpack:"name,option,option"`.
type fieldTag struct {
	name    string
	skip    bool
	options []string
}

func parseTag(f reflect.StructField) fieldTag {
	name, rest, _ := strings.Cut(f.Tag.Get("msgpack"), ",")
	tag := fieldTag{name: name, skip: name == "-"}
	if rest != "" {
		tag.options = strings.Split(rest, ",")
	}
	if name == "" {
		tag.name = f.Name
	}
	return tag
}

func (t fieldTag) has(option string) bool { return slices.Contains(t.options, option) }

// emptiness says for omitempty whether a value of type t is empty: as its method IsZero says, without length, or zero.
func emptiness(t reflect.Type) func(unsafe.Pointer) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ IsZero() bool }]()) && t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer {
		return func(p unsafe.Pointer) bool {
			return reflect.NewAt(t, p).Interface().(interface{ IsZero() bool }).IsZero()
		}
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().Len() == 0 }
	default:
		return func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() }
	}
}
