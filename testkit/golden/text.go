package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// bare is text that needs no quotes.
var bare = regexp.MustCompile(`^[\pL\pN_.:;/+*#@|&~!?'-]+( [\pL\pN_.:;/+*#@|&~!?'-]+)*$`)

// word is text as a script shows it.
func word(s string) string {
	if s == "null" || !bare.MatchString(s) || strings.Contains(s+" ", " at ") || strings.Contains(s, "->") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// show is a key or a value as a script shows it.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return word(v)
	case []byte:
		return bytesOf(v)
	case json.Marshaler:
	case fmt.Stringer:
		return v.String()
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.String {
		return word(r.String())
	}
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return "null"
		}
		return show(r.Elem().Interface())
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(b)
}

// parse reads a key or a value from the beginning of s: null, text that ends before " -> ", " at " or the end, quoted text, or
// JSON.
func parse[T any](s string) (v T, null bool, rest string, err error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return v, false, "", errors.New("there is none: null is written null, and empty text \"\"")
	}
	if after, ok := strings.CutPrefix(s, "null"); ok && (after == "" || after[0] == ' ') {
		return v, true, after, nil
	}
	if isText(reflect.TypeFor[T]()) && s[0] != '"' {
		word := s
		for _, end := range []string{" -> ", " at "} {
			if i := strings.Index(word, end); i >= 0 {
				word = word[:i]
			}
		}
		setText(reflect.ValueOf(&v).Elem(), word)
		return v, false, s[len(word):], nil
	}
	d := json.NewDecoder(strings.NewReader(s))
	if reflect.TypeFor[T]() == reflect.TypeFor[[]byte]() {
		var text string
		err = d.Decode(&text)
		setText(reflect.ValueOf(&v).Elem(), text)
	} else {
		err = d.Decode(&v)
	}
	if err != nil {
		return v, false, "", fmt.Errorf("%s: %w", s, err)
	}
	return v, false, s[d.InputOffset():], nil
}

func isText(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String || t == reflect.TypeFor[[]byte]()
}

func setText(v reflect.Value, s string) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		v.SetString(s)
	} else {
		v.SetBytes([]byte(s))
	}
}
