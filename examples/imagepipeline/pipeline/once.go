package pipeline

import (
	"slices"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// session is a run of the microscope, in event time. It grows with each image,
// so it is known again by overlap, not by its ends.
type session struct {
	Start int64 `msgpack:"start"`
	End   int64 `msgpack:"end"`
}

func (s session) overlaps(o session) bool { return s.Start <= o.End && o.Start <= s.End }

// once lets each key's value through when it is complete for the first time in a
// session. A table's rows change after that, too: an image comes twice, the
// experiment's metadata is published again.
//
// Its time is the session's end: when the last image was taken, also where it
// was the metadata that came last. What follows would else see a plate's wells
// days apart.
//
// Its store keeps a few bytes for each key for ever, as the foreign-key join
// before it keeps the rows themselves: metadata may change at any time.
func once[K ~string, V any](s *stream.Stream[window.Key[K], V], name string, complete func(V) bool) *stream.Stream[K, V] {
	spec := state.KeyValue[K, []session](name)
	return s.Process(func(c *stream.Context[K, V]) (func(stream.Record[window.Key[K], V]) error, error) {
		done, err := spec.Open(c)
		if err != nil {
			return nil, err
		}
		return func(r stream.Record[window.Key[K], V]) error {
			if r.Null || !complete(r.Value) { // a null is a session that has grown into another
				return nil
			}
			now := session{r.Key.Start, r.Key.End}
			before, _, err := done.Get(r.Key.Key)
			if err != nil || slices.ContainsFunc(before, now.overlaps) {
				return err
			}
			if err := done.Put(r.Key.Key, append(slices.Clone(before), now)); err != nil {
				return err
			}
			return c.Forward(stream.Record[K, V]{Key: r.Key.Key, Value: r.Value, Timestamp: r.Key.End})
		}, nil
	}, topology.As(name), topology.WithStores(spec))
}
