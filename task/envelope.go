package task

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace-go/millrace/internal/store"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/serde/wire"
)

// version is of the format of requests, results and dead letters.
const version = 1

var (
	errNoID      = errors.New("it has no id")
	errNoVersion = errors.New("it has no version")
)

// versionError is an envelope of a version that this program does not know.
type versionError struct{ got int64 }

func (e *versionError) Error() string {
	return fmt.Sprintf("it has version %d of the format, and this program knows version %d: upgrade the older side", e.got, version)
}

// fields reads the map of an envelope: read is given each field's name but the version's, and must read or skip its value.
func fields(what string, src []byte, read func(name string, d *wire.Reader)) error {
	d := wire.NewReader(src)
	v, id := int64(0), false
	for range d.ReadMapLen() {
		name := d.ReadString()
		if d.Err() != nil {
			break
		}
		if name == "v" {
			v = d.ReadInt()
			continue
		}
		id = id || name == "id"
		read(name, &d)
	}
	err := d.Close()
	switch {
	case v != 0 && v != version: // whatever else may be wrong with it
		err = &versionError{v}
	case err != nil:
	case v == 0:
		err = errNoVersion
	case !id:
		err = errNoID
	default:
		return nil
	}
	return fmt.Errorf("task: a %s does not decode: %w", what, err)
}

// eventTime is what an envelope says the event time is; otherwise, if it does not decode or says a negative one.
func eventTime(envelope []byte, otherwise int64) int64 {
	at := int64(-1)
	err := fields("result", envelope, func(name string, d *wire.Reader) {
		if name == "time" {
			at = d.ReadInt()
		} else {
			d.Skip()
		}
	})
	if err != nil || at < 0 {
		return otherwise
	}
	return at
}

// BodyError is a request or result whose envelope is right and whose body does not decode: the two sides disagree on
// the task's types.
type BodyError struct {
	What string // "request", "result" or "dead letter"
	ID   string
	Err  error
}

func (e *BodyError) Error() string {
	return fmt.Sprintf("task: the body of %s %s does not decode: %v", e.What, e.ID, e.Err)
}
func (e *BodyError) Unwrap() error { return e.Err }

func decodeBody[T any](what, id string, s serde.Serde[T], body []byte) (T, error) {
	v, err := s.Decode(body)
	if err != nil {
		return v, &BodyError{what, id, err}
	}
	return v, nil
}

// longestError is how many bytes of an error's text go over the wire: every attempt's is kept in a store and sent around.
const longestError = 2048

// shorten cuts a text to longestError bytes of valid UTF-8.
func shorten(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= longestError {
		return text
	}
	cut := longestError - len("...")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

func isNil[T any](v *T) bool { return store.Nilable[T]() && store.IsNil(v) }
