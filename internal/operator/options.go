// Package operator holds what the typed packages share: sources, sinks, repartitioning, stores, and the choice of serdes.
package operator

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// Call is one call of the user's: where it was, and its options.
type Call struct {
	G  *graph.Graph
	Op string
	At string
	graph.Options
}

// NewCall reads the options of a user's call.
func NewCall(g *graph.Graph, op string, opts []topology.Option) *Call {
	c := &Call{G: g, Op: op, At: graph.Caller()}
	for _, o := range opts {
		o(&c.Options)
	}
	if c.Err != nil {
		c.Errorf("%w", c.Err)
	}
	return c
}

// Errorf notes an error at the call.
func (c *Call) Errorf(format string, args ...any) {
	c.G.Errorf(c.At, "%s: %w", c.Op, fmt.Errorf(format, args...))
}

// Check notes a callback that is nil.
func (c *Call) Check(isNil bool, what string) {
	if isNil {
		c.Errorf("the %s is nil: give a function", what)
	}
}

// Key is the serde for keys: the option's, else the inherited one, else the stock one of K. It is never nil.
func Key[K any](c *Call, inherited serde.Serde[K]) serde.Serde[K] {
	return pick(c, "key", c.KeySerde, inherited, serde.ForKey[K])
}

// Value is the serde for values: the option's, else the inherited one, else the stock one of V. It is never nil.
func Value[V any](c *Call, inherited serde.Serde[V]) serde.Serde[V] {
	return pick(c, "value", c.ValueSerde, inherited, serde.For[V])
}

func pick[T any](c *Call, what string, option any, inherited serde.Serde[T], stock func() (serde.Serde[T], error)) serde.Serde[T] {
	s, err := inherited, error(nil)
	switch given, ok := option.(serde.Serde[T]); {
	case ok:
		s = given
	case option != nil:
		c.foreign(what, option, reflect.TypeFor[T]())
		return &broken[T]{}
	case s == nil:
		s, err = stock()
	}
	if err == nil {
		err = serde.Err(s)
	}
	if c.lacks(what, err) {
		return &broken[T]{}
	}
	return s
}

// lacks notes why there is no serde, if there is a reason.
func (c *Call) lacks(what string, err error) bool {
	if err != nil {
		c.Errorf("no %s serde: %w", what, err)
	}
	return err != nil
}

// foreign notes that a serde is of another type than t.
func (c *Call) foreign(what string, option any, t reflect.Type) {
	c.Errorf("the %s serde given is a %T, which is none for %s: give one for that type, or leave the option out", what, option, t)
}

// broken stands in for a serde that could not be had, so that building goes on and finds the other errors.
type broken[T any] struct{}

var errBroken = errors.New("operator: no serde")

func (*broken[T]) Append([]byte, T) ([]byte, error) { return nil, errBroken }
func (*broken[T]) Decode([]byte) (t T, err error)   { return t, errBroken }

// IsMarked reports whether an error says already which operator it is of.
func IsMarked(err error) bool {
	var u *graph.UserError
	return errors.As(err, &u)
}

// userError is an error that the node's user caused.
func userError(n *graph.Node, err error) error { return &graph.UserError{Node: n, Err: err} }
