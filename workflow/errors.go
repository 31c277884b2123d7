package workflow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Position is a place in a document. Lines and columns are counted from 1, columns in characters; the zero Position is no
// place, as in a document made by a program.
type Position struct{ Line, Column int }

// Error is one thing that is wrong at one place.
type Error struct {
	File string
	Position
	Node string // the node's name; "" if it is none of a node
	Err  error
}

func (e *Error) Error() string {
	at := place(e.File, e.Position)
	if e.Node != "" {
		at += ": node " + quote(e.Node)
	}
	return at + ": " + e.Err.Error()
}
func (e *Error) Unwrap() error { return e.Err }

// place is file:line:column, as far as it is known.
func place(file string, at Position) string {
	if file == "" {
		file = "workflow"
	}
	if at.Line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d:%d", file, at.Line, at.Column)
}

// errorList collects errors of one document.
type errorList struct {
	file string
	list []*Error
}

func (l *errorList) addf(at Position, node, format string, args ...any) {
	l.list = append(l.list, &Error{l.file, at, node, fmt.Errorf(format, args...)})
}

// most is how many errors are told; a document that has more is most likely no document.
const most = 100

// err joins the errors in the order of the document.
func (l *errorList) err() error {
	slices.SortStableFunc(l.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for i, e := range l.list {
		if i == most {
			errs = append(errs, fmt.Errorf("%s: and %d errors more", place(l.file, Position{}), len(l.list)-most))
			break
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// quote quotes a name of the document's, the beginning of one that is too long to read.
func quote(name string) string {
	const longest = 80
	if len(name) <= longest {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%q...", name[:longest])
}
