package workflow

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Documents come from people and programs that need not be trusted: what is larger or deeper is refused before it is read
// on. The talk's document has 800 bytes and four levels.
const (
	MaxSize  = 1 << 20 // MaxSize is how many bytes a document may have.
	maxDepth = 16
)

// value is a piece of a document, whatever notation it is written in.
type value struct {
	at      Position
	kind    kind
	text    string // of a string or number
	items   []value
	members []member
}

type member struct {
	name string
	at   Position
	value
}

type kind string

const (
	aString  kind = "a string"
	aNumber  kind = "a number"
	aList    kind = "a list"
	anObject kind = "an object"
	other    kind = "a null or boolean"
)

// reader reads JSON into values with their positions.
type reader struct {
	src  []byte
	d    *jsontext.Decoder
	off  int // of pos
	pos  Position
	errs *errorList
}

// readJSON reads the one value that src holds. A mistake in the grammar ends the reading; a name that an object has twice
// does not, and its first value is kept.
func readJSON(src []byte, errs *errorList) (value, bool) {
	r := &reader{src: src, pos: Position{1, 1}, errs: errs}
	if len(src) > MaxSize {
		errs.addf(r.pos, "", "the document has %d bytes, at most %d are read", len(src), MaxSize)
		return value{}, false
	}
	r.d = jsontext.NewDecoder(bytes.NewReader(src), jsontext.AllowDuplicateNames(true))
	v, err := r.value()
	if err == nil {
		at := r.next()
		if _, err = r.d.ReadToken(); err == nil {
			err = &Error{Position: at, Err: errors.New("something follows the end of the document")}
		}
	}
	if errors.Is(err, io.EOF) && v.kind != "" {
		return v, true
	}
	r.fail(err)
	return value{}, false
}

func (r *reader) fail(err error) {
	var placed *Error
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &placed):
		r.errs.addf(placed.Position, "", "%w", placed.Err)
	case errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF):
		r.errs.addf(r.to(int(syntax.ByteOffset)), "", "this is no JSON: %w", syntax.Err)
	default: // the end came too early
		r.errs.addf(r.to(len(r.src)), "", "the document ends too early: a bracket or quote is not closed")
	}
}

// next is where the next token begins.
func (r *reader) next() Position {
	off := int(r.d.InputOffset())
	for off < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[off]) >= 0 {
		off++
	}
	return r.to(off)
}

// to is the position of an offset. Offsets grow while a document is read, so each byte is looked at once.
func (r *reader) to(off int) Position {
	for r.off < min(off, len(r.src)) {
		_, size := utf8.DecodeRune(r.src[r.off:])
		if r.src[r.off] == '\n' {
			r.pos = Position{r.pos.Line + 1, 1}
		} else {
			r.pos.Column++
		}
		r.off += size
	}
	return r.pos
}

func (r *reader) value() (value, error) {
	v := value{at: r.next()}
	token, err := r.d.ReadToken()
	if err != nil {
		return value{}, err
	}
	switch token.Kind() {
	case jsontext.KindString:
		v.kind, v.text = aString, token.String()
	case jsontext.KindNumber:
		v.kind, v.text = aNumber, token.String()
	case jsontext.KindBeginArray:
		v.kind = aList
		err = r.each(v.at, func() error {
			item, err := r.value()
			v.items = append(v.items, item)
			return err
		})
	case jsontext.KindBeginObject:
		v.kind = anObject
		seen := map[string]Position{}
		err = r.each(v.at, func() error {
			name, err := r.value()
			if err != nil {
				return err
			}
			content, err := r.value()
			if first, twice := seen[name.text]; twice {
				r.errs.addf(name.at, "", "%s is there already, at %d:%d: a name is used once in an object", quote(name.text), first.Line, first.Column)
				return err
			}
			seen[name.text] = name.at
			v.members = append(v.members, member{name.text, name.at, content})
			return err
		})
	default:
		v.kind = other
	}
	return v, err
}

// each calls read for what a list or object holds, up to its closing bracket.
func (r *reader) each(at Position, read func() error) error {
	if r.d.StackDepth() > maxDepth {
		return &Error{Position: at, Err: fmt.Errorf("brackets are nested deeper than %d levels", maxDepth)}
	}
	for k := r.d.PeekKind(); k != jsontext.KindEndArray && k != jsontext.KindEndObject; k = r.d.PeekKind() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err := r.d.ReadToken()
	return err
}
