package invariant

// A dateToken is what the table of states takes: a number, a year (a number of
// three or more digits) or a month name together with what stands behind it, or
// a word.
type dateToken uint8

const (
	none dateToken = iota // no token of the table
	end
	numEnd
	numAmpm
	numSpace
	numDsep  // '/' or '-'
	numTsep  // ':'
	numMark  // 'T'; not in the table
	numDsuff // a suffix for year, month or day
	numTsuff // a suffix for hour, minute or second
	monthEnd
	monthSpace
	monthDsep
	yearEnd
	yearSpace
	yearDsep
	dayOfWeek
	zone
	era
	tokenCount
)

// A dateState tells what has been read of a date or a time: Y a year, M a month
// name, N a number, d that a date separator follows, t that it is a time, S a
// suffix. Those beyond lastState are terminals: a date or a time is complete.
type dateState uint8

const (
	fail dateState = iota
	inB
	inN
	inNN
	inNd
	inDNN
	inNNd
	inM
	inMN
	inNM
	inMNd
	inY
	inYN
	inYNd
	inYM
	inYMd
	inNt
	inNNt
	inS
	inTS
	inNDS
	lastState = inNDS
)

// The terminals. Two numbers and a year are the same before and behind it.
const (
	toNN dateState = iota + lastState + 1
	toNNN
	toMN
	toNM
	toMNN
	toYNN
	toYMN
	toYN
	toYM
	toTN
	toTNN
	toTNNN
	toDS
	toDSN
	toNDS
	toNNDS
	toTTS

	lastDateTerminal = toYM
	lastTimeTerminal = toTNNN
)

// dateTable tells the next state. A pair that is not listed fails.
var dateTable = [lastState + 1][tokenCount]dateState{
	inB: {
		end: inB, numAmpm: toTN, numSpace: inN, numDsep: inNd, numTsep: inNt, monthSpace: inM,
		monthDsep: inM, numDsuff: inS, numTsuff: inTS, dayOfWeek: inB, zone: inB, era: inB,
		yearSpace: inY, yearDsep: inY,
	},
	inN: {
		numEnd: toNN, numAmpm: toTNN, numSpace: inNN, numDsep: inNNd, monthEnd: toNM, monthSpace: inNM,
		monthDsep: inMNd, numDsuff: inNDS, dayOfWeek: inN, zone: inN, era: inN, yearSpace: inYN,
		yearDsep: inYNd, yearEnd: toYN,
	},
	inNN: {
		end: toNN, numEnd: toNNN, numSpace: toNNN, numAmpm: toTNNN, numTsep: inNt, numTsuff: inTS,
		monthEnd: toMNN, monthSpace: toMNN, yearSpace: toYNN, yearEnd: toYNN, dayOfWeek: inNN,
		zone: inNN, era: inNN,
	},
	inNd: {
		numEnd: toNN, numSpace: inDNN, numDsep: inNNd, monthEnd: toNM, monthSpace: inMN,
		monthDsep: inMNd, yearSpace: inYN, yearDsep: inYNd, yearEnd: toYN, dayOfWeek: inNd, era: inNd,
	},
	inDNN: {
		end: toNN, numEnd: toNNN, numSpace: toNNN, numAmpm: toTN, numTsep: inNt, numDsuff: toDS,
		numTsuff: inTS, monthEnd: toMNN, monthSpace: toMNN, yearSpace: toYNN, yearEnd: toYNN,
		dayOfWeek: inDNN, era: inDNN,
	},
	inNNd: {
		numEnd: toNNN, numAmpm: toNNN, numSpace: toNNN, monthEnd: toMNN, monthSpace: toMNN,
		numDsuff: toDS, yearSpace: toYNN, yearEnd: toYNN, dayOfWeek: inNNd, era: inNNd,
	},
	inM: {
		numEnd: toMN, numSpace: inMN, numDsep: inMNd, yearSpace: inYM, yearDsep: inYMd, yearEnd: toYM,
		dayOfWeek: inM, era: inM,
	},
	inMN: {
		end: toMN, numEnd: toMNN, numAmpm: toMNN, numSpace: toMNN, numTsep: inNt, numDsuff: toDS,
		numTsuff: inTS, yearSpace: toYMN, yearEnd: toYMN, dayOfWeek: inMN, era: inMN,
	},
	inNM: {
		end: toNM, numEnd: toMNN, numAmpm: toMNN, numSpace: toMNN, numTsep: inNt, numDsuff: toDS,
		numTsuff: inTS, yearSpace: toYMN, yearEnd: toYMN, dayOfWeek: inNM, era: inNM,
	},
	inMNd: {
		numEnd: toMNN, numSpace: toMNN, yearSpace: toYMN, yearEnd: toYMN, dayOfWeek: inMNd, era: inMNd,
	},
	inY: {
		numEnd: toYN, numSpace: inYN, numDsep: inYNd, monthEnd: toYM, monthSpace: inYM,
		monthDsep: inYMd, numDsuff: inYM, dayOfWeek: inY, era: inY,
	},
	inYN: {
		end: toYN, numEnd: toYNN, numAmpm: toYNN, numSpace: toYNN, monthEnd: toYMN, monthSpace: toYMN,
		dayOfWeek: inYN, era: inYN,
	},
	inYNd: {
		numEnd: toYNN, numAmpm: toYNN, numSpace: toYNN, monthEnd: toYMN, monthSpace: toYMN,
		dayOfWeek: inYN, era: inYN,
	},
	inYM: {
		end: toYM, numEnd: toYMN, numAmpm: toYMN, numSpace: toYMN, dayOfWeek: inYM, era: inYM,
	},
	inYMd: {
		numEnd: toYMN, numAmpm: toYMN, numSpace: toYMN, dayOfWeek: inYM, era: inYM,
	},
	inNt: {
		numEnd: toTNN, numAmpm: toTNN, numSpace: toTNN, numTsep: inNNt, monthEnd: toNM,
		monthSpace: inNM, numTsuff: inTS, zone: inNt, era: inNt,
	},
	inNNt: {
		numEnd: toTNNN, numAmpm: toTNNN, numSpace: toTNNN, numTsuff: inTS, dayOfWeek: inNNt,
		zone: inNNt, era: inNNt,
	},
	inS: {
		end: toDS, numEnd: toDSN, numAmpm: toTN, numSpace: inNt, numTsep: inNt, numDsuff: inS,
		numTsuff: inTS, dayOfWeek: inS, era: inS,
	},
	inTS: {
		end: toTTS, numEnd: toTTS, numAmpm: toTTS, numSpace: inNt, numDsep: inNd, numDsuff: inS,
		numTsuff: inTS, dayOfWeek: inTS, zone: inTS, era: inTS,
	},
	inNDS: {
		end: toNDS, numEnd: toNNDS, numAmpm: toNNDS, numSpace: toNNDS, numTsep: inNt, numDsuff: inNDS,
		numTsuff: inTS, dayOfWeek: inNDS, era: inNDS,
	},
}

// A separatorKind is what stands behind a number or a month name.
type separatorKind uint8

const (
	sepSpace separatorKind = iota // nothing that separates
	sepEnd
	sepDate
	sepTime
	sepMark
	sepHalf
	sepSuffix
)

// The places that a suffix can give a number.
const (
	suffixYear = iota
	suffixMonth
	suffixDay
	suffixHour
	suffixMinute
	suffixSecond
)

// separatorWords are separators made of letters; which is the half of the day,
// or the place a suffix gives (Globalization/DateTimeFormatInfo.cs).
var separatorWords = [...]struct {
	text  string
	sep   separatorKind
	which int
}{
	{"am", sepHalf, int(am)}, {"pm", sepHalf, int(pm)}, {"t", sepMark, 0},
	{"年", sepSuffix, suffixYear}, {"월", sepSuffix, suffixMonth}, {"일", sepSuffix, suffixDay},
	{"년", sepSuffix, suffixYear}, {"月", sepSuffix, suffixMonth}, {"日", sepSuffix, suffixDay},
	{"時", sepSuffix, suffixHour}, {"时", sepSuffix, suffixHour},
	{"分", sepSuffix, suffixMinute}, {"秒", sepSuffix, suffixSecond},
}

// dateWords are the words that may begin a token.
var dateWords = [...]struct {
	text  string
	token dateToken
	value int
}{
	{"january", monthSpace, 1}, {"february", monthSpace, 2}, {"march", monthSpace, 3},
	{"april", monthSpace, 4}, {"may", monthSpace, 5}, {"june", monthSpace, 6},
	{"july", monthSpace, 7}, {"august", monthSpace, 8}, {"september", monthSpace, 9},
	{"october", monthSpace, 10}, {"november", monthSpace, 11}, {"december", monthSpace, 12},
	{"jan", monthSpace, 1}, {"feb", monthSpace, 2}, {"mar", monthSpace, 3},
	{"apr", monthSpace, 4}, {"jun", monthSpace, 6}, {"jul", monthSpace, 7},
	{"aug", monthSpace, 8}, {"sep", monthSpace, 9}, {"oct", monthSpace, 10},
	{"nov", monthSpace, 11}, {"dec", monthSpace, 12},
	{"sunday", dayOfWeek, 0}, {"monday", dayOfWeek, 1}, {"tuesday", dayOfWeek, 2},
	{"wednesday", dayOfWeek, 3}, {"thursday", dayOfWeek, 4}, {"friday", dayOfWeek, 5},
	{"saturday", dayOfWeek, 6},
	{"sun", dayOfWeek, 0}, {"mon", dayOfWeek, 1}, {"tue", dayOfWeek, 2},
	{"wed", dayOfWeek, 3}, {"thu", dayOfWeek, 4}, {"fri", dayOfWeek, 5}, {"sat", dayOfWeek, 6},
	{"am", none, int(am)}, {"pm", none, int(pm)},
	{"gmt", zone, 0}, {"z", zone, 0},
	{"a.d.", era, 0}, {"ad", era, 0},
}
