package runtime

import (
	"fmt"
	"maps"
	"slices"

	"github.com/millrace-go/millrace/internal/engine"
)

type logRecord struct {
	ID string `json:"id"`
}

// logsOf maps the changelogs of a plan to their ids.
func logsOf(app string, plan *engine.Plan, ids map[string]string) map[string]string {
	logs := map[string]string{}
	for _, s := range plan.Graph.Stores {
		if !s.NoLog {
			name := s.Changelog.FullName(app)
			logs[name] = ids[name]
		}
	}
	return logs
}

// remade says which changelog is not the one that it was.
func (r *registry) remade(logs map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		if was, known := r.logs[name]; known && was != logs[name] {
			return fmt.Errorf("runtime: changelog %q was deleted and made anew since the application last ran, and the rows of its store are lost with it: "+
				"reset the application (millrace reset) to build them again from the sources, or give the store another name to begin with an empty one", name)
		}
	}
	return nil
}

// knows says whether the registry has the ids: it may have others, of stores that were in the topology once.
func (r *registry) knows(logs map[string]string) bool {
	for name, id := range logs {
		if r.logs[name] != id {
			return false
		}
	}
	return true
}
