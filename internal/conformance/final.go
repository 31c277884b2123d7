package conformance

import (
	"time"

	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// moreWindows are the scenarios of sliding and unlimited windows, and windows that are forwarded once they are closed.
var moreWindows = map[string]scenario{
	"sliding-count":            {slidingCount[*string], slidingCount[string]},
	"sliding-reduce":           {slidingReduce[*string], slidingReduce[string]},
	"sliding-aggregate":        {slidingAggregate[*string], slidingAggregate[string]},
	"sliding-aggregate-null":   {slidingAggregateNull[*string], slidingAggregateNull[string]},
	"unlimited-count":          {unlimitedCount[*string], unlimitedCount[string]},
	"unlimited-aggregate":      {unlimitedAggregate[*string], unlimitedAggregate[string]},
	"tumbling-final-retained":  {tumblingFinalRetained[*string], tumblingFinalRetained[string]},
	"hopping-final-retained":   {hoppingFinalRetained[*string], hoppingFinalRetained[string]},
	"sliding-final-retained":   {slidingFinalRetained[*string], slidingFinalRetained[string]},
	"session-final-retained":   {sessionFinalRetained[*string], sessionFinalRetained[string]},
	"tumbling-final-count":     {tumblingFinalCount[*string], tumblingFinalCount[string]},
	"tumbling-final-aggregate": {tumblingFinalAggregate[*string], tumblingFinalAggregate[string]},
	"hopping-final-count":      {hoppingFinalCount[*string], hoppingFinalCount[string]},
	"hopping-final-aggregate":  {hoppingFinalAggregate[*string], hoppingFinalAggregate[string]},
	"sliding-final-count":      {slidingFinalCount[*string], slidingFinalCount[string]},
	"sliding-final-aggregate":  {slidingFinalAggregate[*string], slidingFinalAggregate[string]},
	"session-final-count":      {sessionFinalCount[*string], sessionFinalCount[string]},
	"session-final-aggregate":  {sessionFinalAggregate[*string], sessionFinalAggregate[string]},
	"imaging-emit-final":       {imagingEmitFinal[*string], imagingEmitFinal[string]},
}

func (x *drawing[S]) sliding() window.TimeWindow {
	return window.Sliding(x.millis("diffMs"), x.millis("graceMs"))
}

func (x *drawing[S]) unlimited() window.TimeWindow {
	ms, _ := x.params.Int("startMs")
	return window.Unlimited(time.UnixMilli(ms))
}

func slidingCount[S text](x *drawing[S])         { countWindows(x, x.sliding()) }
func slidingReduce[S text](x *drawing[S])        { reduceWindows(x, x.sliding()) }
func slidingAggregate[S text](x *drawing[S])     { aggregateWindows(x, x.sliding()) }
func slidingAggregateNull[S text](x *drawing[S]) { deleteWindows(x, x.sliding()) }
func unlimitedCount[S text](x *drawing[S])       { countWindows(x, x.unlimited()) }
func unlimitedAggregate[S text](x *drawing[S])   { aggregateWindows(x, x.unlimited()) }

func tumblingFinalCount[S text](x *drawing[S])     { countWindows(x, x.tumbling(), onClose) }
func tumblingFinalAggregate[S text](x *drawing[S]) { aggregateWindows(x, x.tumbling(), onClose) }
func tumblingFinalRetained[S text](x *drawing[S])  { countWindows(x, x.tumbling(), onClose, forADay) }
func hoppingFinalCount[S text](x *drawing[S])      { countWindows(x, x.hopping(), onClose) }
func hoppingFinalAggregate[S text](x *drawing[S])  { aggregateWindows(x, x.hopping(), onClose) }
func hoppingFinalRetained[S text](x *drawing[S])   { aggregateWindows(x, x.hopping(), onClose, forADay) }
func slidingFinalCount[S text](x *drawing[S])      { countWindows(x, x.sliding(), onClose) }
func slidingFinalAggregate[S text](x *drawing[S])  { aggregateWindows(x, x.sliding(), onClose) }
func slidingFinalRetained[S text](x *drawing[S])   { aggregateWindows(x, x.sliding(), onClose, forADay) }
func sessionFinalCount[S text](x *drawing[S])      { countSessions(x, onClose) }
func sessionFinalAggregate[S text](x *drawing[S])  { aggregateSessions(x, onClose) }
func sessionFinalRetained[S text](x *drawing[S])   { aggregateSessions(x, onClose, forADay) }

func imagingEmitFinal[S text](x *drawing[S]) { joinSites(x, imagingSites(x, onClose)) }

var (
	onClose = topology.EmitOnWindowClose()
	forADay = topology.Retention(24 * time.Hour)
)
