package lint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layer ranks the packages whose imports go one way: a package may reach those of its own rank and below, never one
// above. Packages without a rank (the root, testkit, monitor, commands, examples) stand on top of all of them or, like
// the stores, beneath; what they import counts for whoever imports them.
var layer = map[string]int{
	"serde": 0, "window": 0,
	"internal/graph": 1,
	"topology":       2, "state": 2,
	"table":    3,
	"stream":   4,
	"task":     5,
	"workflow": 6,
}

// engine is the pure state machine. It knows the graph and the stores; the packages here are those it must not reach.
const engine = "internal/engine"

var beyondEngine = []string{"table", "stream", "task", "workflow", "testkit", "monitor", "internal/kafka", "internal/embedded", "."}

// brokerPackages talk to a broker. Only the root package decides between them, so that everything else runs on either. A
// worker of package task is a process without the root package, and has a broker's address: it may reach the adapter.
var brokerPackages = []string{"internal/kafka", "internal/embedded"}

func mayReach(from, to string) bool {
	return from == "." || within(from, brokerPackages...) || from == "task" && to == "internal/kafka"
}

// imported lists the module's own packages that a file imports, relative to the root, with where it does so.
func imported(s source) map[string]string {
	found := map[string]string{}
	for _, spec := range s.file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has accepted it: it is a string
		}
		if name == module {
			found["."] = s.at(spec.Pos())
		} else if rel, ok := strings.CutPrefix(name, module+"/"); ok {
			found[rel] = s.at(spec.Pos())
		}
	}
	return found
}

// importGraph has, for each package, what its shipped files import. Tests are free: an example of table may show stream.
func importGraph(sources []source) map[string]map[string]string {
	graph := map[string]map[string]string{}
	for _, s := range sources {
		if s.file == nil || s.isTest() {
			continue
		}
		if graph[s.dir()] == nil {
			graph[s.dir()] = map[string]string{}
		}
		maps.Copy(graph[s.dir()], imported(s))
	}
	return graph
}

// chains gives, for every package that start reaches, one shortest chain of imports that leads to it.
func chains(graph map[string]map[string]string, start string) map[string][]string {
	found := map[string][]string{start: {start}}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		for _, next := range slices.Sorted(maps.Keys(graph[queue[0]])) {
			if found[next] == nil {
				found[next] = append(slices.Clone(found[queue[0]]), next)
				queue = append(queue, next)
			}
		}
	}
	delete(found, start)
	return found
}

// layers finds imports, direct or through another package, that go against the direction of the layers.
func layers(sources []source) []string {
	graph := importGraph(sources)
	var violations []string
	for _, from := range slices.Sorted(maps.Keys(graph)) {
		rank, ranked := layer[from]
		for to, chain := range chains(graph, from) {
			above, known := layer[to]
			wrong := ranked && known && above > rank || from == engine && slices.Contains(beyondEngine, to)
			if wrong {
				violations = append(violations, fmt.Sprintf("%s: %s must not import %s (%s)",
					graph[from][chain[1]], from, to, strings.Join(chain, " -> ")))
			}
		}
	}
	return violations
}

// brokers finds imports of the Kafka adapter and of the embedded broker from elsewhere than the root package.
func brokers(sources []source) []string {
	var violations []string
	for from, imports := range importGraph(sources) {
		for to, at := range imports {
			if within(to, brokerPackages...) && !mayReach(from, to) {
				violations = append(violations, fmt.Sprintf("%s: %s must not import %s: only the root package and the workers of task reach a broker", at, from, to))
			}
		}
	}
	return violations
}

func TestLayers(t *testing.T) {
	t.Parallel()
	check(t, layers, []catch{
		{name: "downward", repo: repo{
			"stream/stream.go": "package stream\nimport _ \"" + module + "/table\"",
			"table/table.go":   "package table\nimport _ \"" + module + "/internal/graph\"",
			"testkit/kit.go":   "package testkit\nimport _ \"" + module + "/stream\"",
		}},
		{name: "upward", repo: repo{
			"table/table.go": "package table\nimport _ \"" + module + "/stream\"",
		}, want: []string{"table/table.go:2:8: table must not import stream (table -> stream)"}},
		{name: "upward through a package without a rank", repo: repo{
			"serde/serde.go":      "package serde\nimport _ \"" + module + "/internal/bytes\"",
			"internal/bytes/b.go": "package bytes\nimport _ \"" + module + "/topology\"",
		}, want: []string{"serde/serde.go:2:8: serde must not import topology (serde -> internal/bytes -> topology)"}},
		{name: "the engine and its stores", repo: repo{
			"internal/engine/e.go": "package engine\nimport (\n_ \"" + module + "/internal/graph\"\n_ \"" + module + "/internal/store\"\n)",
		}},
		{name: "the engine and a typed package", repo: repo{
			"internal/engine/e.go": "package engine\nimport _ \"" + module + "/stream\"",
		}, want: []string{"internal/engine/e.go:2:8: internal/engine must not import stream (internal/engine -> stream)"}},
		{name: "the engine and the root", repo: repo{
			"internal/engine/e.go": "package engine\nimport _ \"" + module + "\"",
		}, want: []string{"internal/engine/e.go:2:8: internal/engine must not import . (internal/engine -> .)"}},
		{name: "a test may look up", repo: repo{
			"table/example_test.go": "package table_test\nimport _ \"" + module + "/stream\"",
		}},
	})
}

func TestBrokers(t *testing.T) {
	t.Parallel()
	check(t, brokers, []catch{
		{name: "the root and the adapter itself", repo: repo{
			"run.go":                    "package millrace\nimport _ \"" + module + "/internal/kafka\"",
			"internal/kafka/wire/w.go":  "package wire\nimport _ \"" + module + "/internal/kafka\"",
			"task/task_test.go":         "package task\nimport _ \"" + module + "/internal/embedded\"",
			"internal/kafkaesque/k.go":  "package kafkaesque",
			"internal/other/uses.go":    "package other\nimport _ \"" + module + "/internal/kafkaesque\"",
			"internal/embedded/fake.go": "package embedded",
		}},
		{name: "another package", repo: repo{
			"stream/to.go": "package stream\nimport _ \"" + module + "/internal/kafka/wire\"",
		}, want: []string{"stream/to.go:2:8: stream must not import internal/kafka/wire: only the root package and the workers of task reach a broker"}},
		{name: "a worker and the adapter", repo: repo{
			"task/worker.go": "package task\nimport _ \"" + module + "/internal/kafka\"",
		}},
		{name: "a worker and the embedded broker", repo: repo{
			"task/worker.go": "package task\nimport _ \"" + module + "/internal/embedded\"",
		}, want: []string{"task/worker.go:2:8: task must not import internal/embedded: only the root package and the workers of task reach a broker"}},
	})
}
