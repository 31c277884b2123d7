package runtime

import "github.com/millrace-go/millrace/internal/db"

// loadWorthwhile is how many records must come for the store to be told of them before.
const loadWorthwhile = 100_000

// load tells the task's store that very many records come, or that they have come: it takes them at less cost then.
func (t *task) load(on bool) error {
	d, ok := t.disk.(db.Loader)
	if !ok || on == t.loading {
		return nil
	}
	t.loading = on
	return d.Load(on)
}
