package table

import "github.com/millrace-go/millrace/internal/graph"

// told opens a table's rows for a join with another table's changes: see graph.Context.Told.
func told[K, V any](ctx *graph.Context, view graph.View[K, V]) (graph.Lookup[K, V], error) {
	defer func(before bool) { ctx.Told = before }(ctx.Told)
	ctx.Told = true
	return view.Open(ctx)
}
