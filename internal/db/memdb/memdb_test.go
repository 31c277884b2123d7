package memdb_test

import (
	"testing"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/dbtest"
	"github.com/millrace-go/millrace/internal/db/memdb"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	dbtest.Run(t, func(*testing.T) db.DB { return memdb.New() })
}

func BenchmarkMemory(b *testing.B) {
	dbtest.Bench(b, func(*testing.B) db.DB { return memdb.New() })
}
