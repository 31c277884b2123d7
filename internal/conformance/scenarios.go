package conformance

import "maps"

// scenario draws a topology for either type of keys and values.
type scenario struct {
	nullable func(*drawing[*string])
	plain    func(*drawing[string])
}

// makesNulls are the scenarios whose callbacks return nulls of their own, which come out as such.
var makesNulls = map[string]bool{
	"map-to-null-key": true, "map-values-null": true, "reduce-null": true, "ss-outer-null-joiner": true, "st-left-key-joiner": true,
	"table-map-values-materialized": true, "table-transform-values-materialized": true,
}

// scenarios are those that there are topologies for. A case of any other fails.
var scenarios = union(basics, streamJoins, moreWindows, suppressions, tableGroups, moreTableJoins, versioned, moreStores, windowTables, moreComposites)

func union(areas ...map[string]scenario) map[string]scenario {
	all := map[string]scenario{}
	for _, area := range areas {
		maps.Copy(all, area)
	}
	return all
}

// basics need neither joins of streams nor what came to Kafka Streams after its windows.
var basics = map[string]scenario{
	// stateless
	"filter":              {filter[*string], filter[string]},
	"filter-not":          {filterNot[*string], filterNot[string]},
	"filter-key":          {filterKey[*string], filterKey[string]},
	"map":                 {mapBoth[*string], mapBoth[string]},
	"map-to-null-key":     {mapToNullKey[*string], mapToNullKey[string]},
	"map-values":          {mapValues[*string], mapValues[string]},
	"map-values-key":      {mapValuesKey[*string], mapValuesKey[string]},
	"map-values-null":     {mapValuesNull[*string], mapValuesNull[string]},
	"flat-map":            {flatMap[*string], flatMap[string]},
	"flat-map-values":     {flatMapValues[*string], flatMapValues[string]},
	"flat-map-values-key": {flatMapValuesKey[*string], flatMapValuesKey[string]},
	"select-key":          {selectKey[*string], selectKey[string]},
	"merge":               {mergeTwo[*string], mergeTwo[string]},
	"merge-three":         {mergeThree[*string], mergeThree[string]},
	"merge-self":          {mergeSelf[*string], mergeSelf[string]},
	"multi-topic-source":  {multiTopicSource[*string], multiTopicSource[string]},
	"split-default":       {splitDefault[*string], splitDefault[string]},
	"split-no-default":    {splitNoDefault[*string], splitNoDefault[string]},
	"split-functions":     {splitFunctions[*string], splitFunctions[string]},
	"peek":                {peek[*string], peek[string]},
	"foreach-order":       {foreachOrder[*string], foreachOrder[string]},
	"multi-sink-order":    {multiSinkOrder[*string], multiSinkOrder[string]},
	"dynamic-topic":       {dynamicTopic[*string], dynamicTopic[string]},
	"process-children":    {processChildren[*string], processChildren[string]},
	"process-timestamps":  {processTimestamps[*string], processTimestamps[string]},
	"process-headers":     {processHeaders[*string], processHeaders[string]},
	"process-key-change":  {processKeyChange[*string], processKeyChange[string]},
	"process-values":      {processValues[*string], processValues[string]},
	"timestamp-extractor": {timestampExtractor[*string], timestampExtractor[string]},
	"stream-time":         {streamTime[*string], streamTime[string]},
	"repartition":         {repartition[*string], repartition[string]},
	"repartition-twice":   {repartitionTwice[*string], repartitionTwice[string]},
	"through-topic":       {throughTopic[*string], throughTopic[string]},
	"to-table":            {toTable[*string], toTable[string]},
	"to-table-rekey":      {toTableRekey[*string], toTableRekey[string]},

	// group
	"count-by-key":             {countByKey[*string], countByKey[string]},
	"count-by":                 {countBy[*string], countBy[string]},
	"reduce-by-key":            {reduceByKey[*string], reduceByKey[string]},
	"reduce-by":                {reduceBy[*string], reduceBy[string]},
	"reduce-null":              {reduceNull[*string], reduceNull[string]},
	"aggregate-by-key":         {aggregateByKey[*string], aggregateByKey[string]},
	"aggregate-by":             {aggregateBy[*string], aggregateBy[string]},
	"aggregate-null":           {aggregateNull[*string], aggregateNull[string]},
	"aggregate-null-init":      {aggregateNullInit[*string], aggregateNullInit[string]},
	"count-after-map-values":   {countAfterMapValues[*string], countAfterMapValues[string]},
	"count-after-map":          {countAfterMap[*string], countAfterMap[string]},
	"two-aggregates-one-group": {twoAggregates[*string], twoAggregates[string]},

	// windows
	"tumbling-count":          {tumblingCount[*string], tumblingCount[string]},
	"tumbling-reduce":         {tumblingReduce[*string], tumblingReduce[string]},
	"tumbling-aggregate":      {tumblingAggregate[*string], tumblingAggregate[string]},
	"tumbling-aggregate-null": {tumblingAggregateNull[*string], tumblingAggregateNull[string]},
	"tumbling-repartitioned":  {tumblingRepartitioned[*string], tumblingRepartitioned[string]},
	"tumbling-rekeyed-out":    {tumblingRekeyedOut[*string], tumblingRekeyedOut[string]},
	"tumbling-two-level":      {tumblingTwoLevel[*string], tumblingTwoLevel[string]},
	"tumbling-day-grace":      {tumblingDayGrace[*string], tumblingDayGrace[string]},
	"tumbling-retention":      {tumblingRetention[*string], tumblingRetention[string]},
	"hopping-count":           {hoppingCount[*string], hoppingCount[string]},
	"hopping-reduce":          {hoppingReduce[*string], hoppingReduce[string]},
	"hopping-aggregate":       {hoppingAggregate[*string], hoppingAggregate[string]},
	"hopping-aggregate-null":  {hoppingAggregateNull[*string], hoppingAggregateNull[string]},
	"session-count":           {sessionCount[*string], sessionCount[string]},
	"session-reduce":          {sessionReduce[*string], sessionReduce[string]},
	"session-aggregate":       {sessionAggregate[*string], sessionAggregate[string]},
	"session-aggregate-null":  {sessionAggregateNull[*string], sessionAggregateNull[string]},
	"session-repartitioned":   {sessionRepartitioned[*string], sessionRepartitioned[string]},
	"session-rekeyed-out":     {sessionRekeyedOut[*string], sessionRekeyedOut[string]},
	"session-retention":       {sessionRetention[*string], sessionRetention[string]},

	// tables
	"table-source":                        {tableSource[*string], tableSource[string]},
	"table-source-unnamed":                {tableSourceUnnamed[*string], tableSourceUnnamed[string]},
	"table-filter":                        {tableFilter[*string], tableFilter[string]},
	"table-filter-not":                    {tableFilterNot[*string], tableFilterNot[string]},
	"table-filter-materialized":           {tableFilterMaterialized[*string], tableFilterMaterialized[string]},
	"table-filter-chain":                  {tableFilterChain[*string], tableFilterChain[string]},
	"table-map-values":                    {tableMapValues[*string], tableMapValues[string]},
	"table-map-values-materialized":       {tableMapValuesMaterialized[*string], tableMapValuesMaterialized[string]},
	"table-transform-values":              {tableTransformValues[*string], tableTransformValues[string]},
	"table-transform-values-materialized": {tableTransformValuesMaterialized[*string], tableTransformValuesMaterialized[string]},
	"table-transform-values-stateful":     {tableTransformValuesStateful[*string], tableTransformValuesStateful[string]},
	"table-to-stream-branches":            {tableToStreamBranches[*string], tableToStreamBranches[string]},
	"table-stream-roundtrip":              {tableStreamRoundtrip[*string], tableStreamRoundtrip[string]},

	// joins with tables
	"st-inner":                {stInner[*string], stInner[string]},
	"st-left":                 {stLeft[*string], stLeft[string]},
	"st-left-key-joiner":      {stLeftKeyJoiner[*string], stLeftKeyJoiner[string]},
	"st-inner-rekeyed":        {stInnerRekeyed[*string], stInnerRekeyed[string]},
	"st-left-aggregated":      {stLeftAggregated[*string], stLeftAggregated[string]},
	"st-inner-filtered-table": {stInnerFilteredTable[*string], stInnerFilteredTable[string]},
	"st-self":                 {stSelf[*string], stSelf[string]},
	"tt-inner":                {ttInner[*string], ttInner[string]},
	"tt-inner-unmaterialized": {ttInnerUnmaterialized[*string], ttInnerUnmaterialized[string]},
	"tt-self":                 {ttSelf[*string], ttSelf[string]},
	"fk-inner":                {fkInner[*string], fkInner[string]},
	"fk-inner-unmaterialized": {fkInnerUnmaterialized[*string], fkInnerUnmaterialized[string]},
	"fk-inner-key-extractor":  {fkInnerKeyExtractor[*string], fkInnerKeyExtractor[string]},

	// processors
	"store-kv":              {storeKV[*string], storeKV[string]},
	"store-kv-timestamped":  {storeKVTimestamped[*string], storeKVTimestamped[string]},
	"punctuate-stream":      {punctuateStream[*string], punctuateStream[string]},
	"punctuate-wall":        {punctuateWall[*string], punctuateWall[string]},
	"punctuate-both":        {punctuateBoth[*string], punctuateBoth[string]},
	"punctuate-flush-store": {punctuateFlushStore[*string], punctuateFlushStore[string]},
	"papi-topology":         {papiTopology[*string], papiTopology[string]},
	"papi-shared-store":     {papiSharedStore[*string], papiSharedStore[string]},

	// composite
	"imaging-inner": {imagingInner[*string], imagingInner[string]},
	"imaging-left":  {imagingLeft[*string], imagingLeft[string]},
	"word-count":    {wordCount[*string], wordCount[string]},
}
