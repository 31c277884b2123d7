package stream

import (
	"fmt"
	"io"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

// Print writes each record to w as a line, after the operator's name (topology.As), and ends the stream. It is for looking at what
// flows; a record is printed again where it is processed again, after a failure or inside a transaction that is aborted.
//
// Cost: a call of w.Write for each record; tasks write at the same time, so w must bear that, as os.Stdout does. Nulls are printed as
// null; time and headers too. An error of w goes to the processing error handler. Kafka Streams: KStream.print (KIP-160).
func (s *Stream[K, V]) Print[O topology.Opt](w io.Writer, opts ...O) {
	c := s.call("print", topology.Options(opts))
	if w == nil {
		c.Errorf("the writer is nil: give one, such as os.Stdout")
	}
	graph.Add(c.G, graph.Spec{Op: c.Op, Name: c.Name, At: c.At, Kind: graph.ProcessorNode, Parents: []*graph.Node{s.s.Node}},
		func(ctx *graph.Context, n *graph.Node, _ func(*struct{}) error) (func(*graph.Record[K, V]) error, error) {
			return func(r *graph.Record[K, V]) error {
				if _, err := fmt.Fprintf(w, "%s: %s\n", n.Name, recordOf(ctx, r)); err != nil {
					return &graph.UserError{Node: n, Err: fmt.Errorf("print: %w", err)}
				}
				return nil
			}, nil
		})
}
