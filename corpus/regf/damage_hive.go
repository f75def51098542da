package regf

func headerDamages() []Damage {
	return []Damage{
		{"notRegf", "The file begins with other letters and ends before the first bin.", "not a hive", nil, hurt(func(p *patient) {
			copy(p.base, "fger")
			p.file = p.file[:page]
		})},
		{"signatureBit", "One bit of the signature is wrong.", "", nil, hurt(func(p *patient) { p.base[1] ^= 4 })},
		{"sectorZero", "The first sector of the base block is zeroed.", "", nil, hurt(func(p *patient) { clear(p.base[:512]) })},
		{"baseBlockRandom", "The base block is overwritten, as by a program that encrypts the beginning of files.", "", nil,
			hurt(func(p *patient) { Encrypt(p.file, page, 7) })},
		{"baseBlockCutOff", "The file begins with the first bin.", "", nil, hurt(func(p *patient) { p.file = p.file[page:] })},
		{"oneByte", "The file is one byte long.", "not a hive", nil, hurt(func(p *patient) { p.file = p.file[:1] })},
		{"signatureOnly", "The file ends after the signature.", "truncated", nil, hurt(func(p *patient) { p.file = p.file[:4] })},
		{"halfBaseBlock", "The file ends in the base block.", "truncated", nil, hurt(func(p *patient) { p.file = p.file[:600] })},
		{"baseBlockOnly", "The file ends after the base block.", "truncated", nil, hurt(func(p *patient) { p.file = p.file[:page] })},
		{"binHeaderCut", "The file ends in the header of the first bin, at 4,127 bytes.", "truncated", nil,
			hurt(func(p *patient) { p.file = p.file[:page+binHeader-1] })},
		{"firstBinEmpty", "The file ends after the header of the first bin, at 4,128 bytes.", "no root", nil,
			hurt(func(p *patient) { p.file = p.file[:page+binHeader] })},
		{"oldLogAsHive", "The file is a log of the old format.", "log", nil, func() Files {
			_, log := DirtyOld(soundStates())
			return Files{Primary: log}
		}},
		{"newLogAsHive", "The file is a log of the new format.", "log", nil, func() Files {
			_, log, _ := Dirty(soundStates())
			return Files{Primary: log}
		}},
		{"badChecksum", "The checksum of the base block is wrong.", "", nil, hurt(func(p *patient) { p.base[bbChecksum] ^= 1 })},
		{"badChecksumAndSize", "The checksum is wrong because the size of the bins was overwritten.", "", nil,
			hurt(func(p *patient) { le.PutUint32(p.base[bbBins:], 0x7FFFF000) })},
		{"majorVersion2", "The major version is 2.", "version", nil, header(func(b []byte) { le.PutUint32(b[bbMajor:], 2) })},
		{"minorVersion0", "The minor version is 0, a format before NT 3.1.", "version", nil,
			header(func(b []byte) { le.PutUint32(b[bbMinor:], 0) })},
		{"minorVersion7", "The minor version is not known yet.", "", nil, header(func(b []byte) { le.PutUint32(b[bbMinor:], 7) })},
		{"dirtyNoLogs", "The sequence numbers differ and there is no log.", "", nil,
			header(func(b []byte) { le.PutUint32(b[bbPrimary:], 41) })},
		{"binsSizePastFile", "The base block claims 16 pages more than the file has.", "", nil,
			header(func(b []byte) { le.PutUint32(b[bbBins:], le.Uint32(b[bbBins:])+16*page) })},
		{"binsSizeUnaligned", "The size of the bins is not a multiple of a page.", "", nil,
			header(func(b []byte) { le.PutUint32(b[bbBins:], le.Uint32(b[bbBins:])+100) })},
		{"rootOffsetOutside", "The root offset lies behind the hive.", "", nil,
			header(func(b []byte) { le.PutUint32(b[bbRoot:], 0x7FFFFFF0) })},
		{"rootOffsetNil", "The root offset is NIL.", "", nil, header(func(b []byte) { le.PutUint32(b[bbRoot:], NIL) })},
		{"rootIsValue", "The root offset leads to a value.", "", nil,
			hurt(func(p *patient) { le.PutUint32(p.base[bbRoot:], p.Value("Omega", "Last")); Checksum(p.base) })},
		{"rootWithoutFlag", "The root key lacks the flag of a root; the base block names it.", "", nil,
			hurt(func(p *patient) { p.set16(p.Key(""), nkFlags, keyLatin) })},
		{"noKeys", "No record has the signature of a key.", "no root", nil, hurt(func(p *patient) {
			for i := binHeader; i+8 <= len(p.bins); i += 8 {
				if string(p.bins[i+4:i+6]) == "nk" {
					p.bins[i+4] = 'x'
				}
			}
		})},
	}
}

func binDamages() []Damage {
	big := []string{`\Beta|Big`}
	gamma := []string{`\Gamma`, `\Gamma\*`}
	return []Damage{
		{"binsCutOff", "The file ends in the first segment of the big data, the last bin that has pages of its own.", "", big,
			hurt(func(p *patient) { p.file = p.file[:page+p.Segments("Beta", "Big")[0]+3000] })},
		{"binSignature", "The second bin has no signature.", "", nil, hurt(func(p *patient) { copy(p.bins[secondBin(p):], "nibh") })},
		{"binOffset", "The second bin names the offset of another.", "", nil,
			hurt(func(p *patient) { le.PutUint32(p.bins[secondBin(p)+4:], 0x10000) })},
		{"binSizeZero", "The second bin has size 0.", "", nil, hurt(func(p *patient) { le.PutUint32(p.bins[secondBin(p)+8:], 0) })},
		{"binSizeHuge", "The second bin runs past the hive.", "", nil,
			hurt(func(p *patient) { le.PutUint32(p.bins[secondBin(p)+8:], 0xFFFFF000) })},
		{"zeroPage", "The first page of a bin is all zeros.", "", big,
			hurt(func(p *patient) { at := secondBin(p); clear(p.bins[at : at+page]) })},
		{"cellSizeZero", "A key's cell has size 0.", "", gamma, hurt(func(p *patient) { p.setSize(p.Key("Gamma"), 0) })},
		{"cellSizeUnaligned", "A key's cell has a size that is no multiple of 8.", "", gamma,
			hurt(func(p *patient) { p.setSize(p.Key("Gamma"), -99) })},
		{"cellPastBin", "A key's cell runs past the end of its bin.", "", gamma,
			hurt(func(p *patient) { p.setSize(p.Key("Gamma"), -0x2000) })},
		{"cellSizeMin", "A key's cell has the size -2,147,483,648, whose opposite does not fit.", "", gamma,
			hurt(func(p *patient) { p.setSize(p.Key("Gamma"), -0x80000000) })},
		{"cellTooShort", "A key's cell has 8 bytes.", "", gamma, hurt(func(p *patient) { p.setSize(p.Key("Gamma"), -8) })},
		{"freeCellReferenced", "A key that its parent lists lies in a free cell.", "", nil,
			hurt(func(p *patient) { p.setSize(p.Key("Gamma"), int32(p.st.size(p.Key("Gamma")))) })},
	}
}

// secondBin is the bin of the first segment of big data.
func secondBin(p *patient) int {
	return int(p.Segments("Beta", "Big")[0]) - binHeader
}

func keyDamages() []Damage {
	gamma := []string{`\Gamma`, `\Gamma\*`}
	return []Damage{
		{"keySignature", "A key has no signature.", "", gamma, hurt(func(p *patient) { p.set16(p.Key("Gamma"), 0, 0) })},
		{"nameRunsPastCell", "A key's name is longer than its cell.", "", gamma,
			hurt(func(p *patient) { p.set16(p.Key("Gamma"), nkNameLen, 0x400) })},
		{"nameEmpty", "A key's name has no length.", "", gamma, hurt(func(p *patient) { p.set16(p.Key("Gamma"), nkNameLen, 0) })},
		{"nameOddUTF16", "A key's name is UTF-16 and has 5 bytes.", "", gamma,
			hurt(func(p *patient) { p.set16(p.Key("Gamma"), nkFlags, 0) })},
		{"backslashInName", "A key's name holds a backslash.", "", gamma,
			hurt(func(p *patient) { copy(p.rec(p.Key("Gamma"))[nkName:], `Ga\ma`) })},
		{"wrongParent", "A key names another key as its parent.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Gamma"), nkParent, p.Key("Alpha")) })},
		{"parentOutside", "A key's parent lies behind the hive.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Gamma"), nkParent, 0x7FFFFFF8) })},
		{"subkeyCountFFFFFFFF", "A key counts 4,294,967,295 subkeys and lists one.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkSubkeys, NIL) })},
		{"subkeyListNil", "A key counts a subkey and has no list.", "", []string{`\Alpha\Inner`, `\Alpha\Inner\*`},
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkList, NIL) })},
		{"subkeyListOutside", "A key's list lies behind the hive.", "", []string{`\Alpha\Inner`, `\Alpha\Inner\*`},
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkList, uint32(len(p.bins))) })},
		{"subkeyListUnaligned", "A key's list has an offset that is no multiple of 8.", "", []string{`\Alpha\Inner`, `\Alpha\Inner\*`},
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkList, p.List("Alpha")+4) })},
		{"classOutside", "A key's class name lies behind the hive.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Gamma"), nkClass, 0x7FFFFFF8) })},
		{"classRunsPastCell", "A key's class name is longer than its cell.", "", nil,
			hurt(func(p *patient) { p.set16(p.Key("Gamma"), nkClassLen, 0xFFFE) })},
		{"securityOutside", "A key's security record lies behind the hive.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Gamma"), nkSecurity, 0x7FFFFFF8) })},
		{"securitySignature", "The security record has no signature.", "", nil,
			hurt(func(p *patient) { p.set16(p.Security(""), 0, 0) })},
		{"securityTooLong", "The security descriptor is longer than its cell.", "", nil,
			hurt(func(p *patient) { p.set32(p.Security(""), skLength, 0x7FFFFFFF) })},
		{"securityRing", "The security record points forward into nothing.", "", nil,
			hurt(func(p *patient) { p.set32(p.Security(""), skNext, 0x7FFFFFF8) })},
		{"descriptorOwner", "The owner of a security descriptor lies behind it.", "", nil,
			hurt(func(p *patient) { p.set32(p.Security(""), skDesc+4, 0x7FFFFFF8) })},
		{"aclTooLong", "The access list of a security descriptor counts 65,535 entries.", "", nil,
			hurt(func(p *patient) { p.set16(p.Security(""), skDesc+20+4, 0xFFFF) })},
		{"predefinedHandle", "A key has the flag of a predefined handle, and a handle where values are counted.", "", []string{`\Alpha|*`},
			hurt(func(p *patient) {
				p.set16(p.Key("Alpha"), nkFlags, keyLatin|0x40)
				p.set32(p.Key("Alpha"), nkValues, 0x80000004)
			})},
	}
}

func listDamages() []Damage {
	first := []string{`\Beta\Five`, `\Beta\Four`}
	second := []string{`\Beta\One`, `\Beta\Three`}
	deep := []string{`\Alpha\Inner\Deep`, `\Alpha\Inner\Deep\*`}
	return []Damage{
		{"listSignature", "A list has an unknown signature.", "", []string{`\Alpha\Inner`, `\Alpha\Inner\*`},
			hurt(func(p *patient) { copy(p.rec(p.List("Alpha")), "lx") })},
		{"listCountFFFF", "A list of one key counts 65,535.", "", nil, hurt(func(p *patient) { p.set16(p.List("Alpha"), 2, 0xFFFF) })},
		{"rootListCountFFFF", "The list of the root counts 65,535 keys.", "", nil,
			hurt(func(p *patient) { p.set16(p.List(""), 2, 0xFFFF) })},
		{"riCountFFFF", "An ri of three leaves counts 65,535.", "", nil, hurt(func(p *patient) { p.set16(p.List("Beta"), 2, 0xFFFF) })},
		{"listOffsetNil", "A list names NIL in the place of a key.", "", []string{`\Gamma`, `\Gamma\*`},
			hurt(func(p *patient) { p.set32(p.List(""), 4+8*2, NIL) })},
		{"leafOutside", "An ri names a leaf behind the hive.", "", first,
			hurt(func(p *patient) { p.set32(p.List("Beta"), 4, 0x7FFFFFF8) })},
		{"riInRi", "An ri names another ri.", "", first, hurt(func(p *patient) {
			inner := p.cell(le.AppendUint32([]byte("ri\x01\x00"), p.Leaves("Beta")[0]))
			p.set32(p.List("Beta"), 4, inner)
		})},
		{"listListsItself", "An ri names itself.", "", second, hurt(func(p *patient) { p.set32(p.List("Beta"), 8, p.List("Beta")) })},
		{"leafTwice", "An ri names one leaf twice.", "", second,
			hurt(func(p *patient) { p.set32(p.List("Beta"), 8, p.Leaves("Beta")[0]) })},
		{"keyListsItself", "A key lists itself, as seen in a real damaged hive.", "", deep,
			hurt(func(p *patient) { p.set32(p.List(`Alpha\Inner`), 4, p.Key(`Alpha\Inner`)) })},
		{"keyIsItsOwnAncestor", "A key lists its own parent.", "", deep,
			hurt(func(p *patient) { p.set32(p.List(`Alpha\Inner`), 4, p.Key("Alpha")) })},
		{"subkeyCycle", "A key lists the root.", "", deep, hurt(func(p *patient) { p.set32(p.List(`Alpha\Inner`), 4, p.Key("")) })},
		{"listShared", "Two keys have the same list.", "", nil, hurt(func(p *patient) {
			p.set32(p.Key("Omega"), nkSubkeys, 1)
			p.set32(p.Key("Omega"), nkList, p.List("Alpha"))
		})},
		{"keyTwice", "A list names one key twice.", "", []string{`\Gamma`, `\Gamma\*`},
			hurt(func(p *patient) { p.set32(p.List(""), 4+8*2, p.Key("Alpha")) })},
		{"keyIsValue", "A list names a value.", "", []string{`\Gamma`, `\Gamma\*`},
			hurt(func(p *patient) { p.set32(p.List(""), 4+8*2, p.Value("Omega", "Last")) })},
		{"duplicateNames", "Two subkeys have the same name.", "", []string{`\Gamma`, `\Gamma\*`},
			hurt(func(p *patient) { copy(p.rec(p.Key("Gamma"))[nkName:], "OMEGA") })},
		{"unsortedList", "A list is not sorted, its hashes are right.", "", nil, hurt(func(p *patient) {
			list := p.rec(p.List(""))
			a, b := le.Uint64(list[4:]), le.Uint64(list[4+24:])
			le.PutUint64(list[4:], b)
			le.PutUint64(list[4+24:], a)
		})},
		{"wrongHash", "The hash of a name is wrong.", "", nil, hurt(func(p *patient) { p.set32(p.List(""), 4+4, 0x12345678) })},
		{"deepTree", "Keys are nested 3,000 deep, six times as deep as Windows allows.", "", nil, func() Files {
			h := Sound()
			k := h.Root.Sub("Omega")
			for range 3000 {
				k = k.Add("x")
			}
			return Files{Primary: h.Build()}
		}},
		{"wideFan", "Of the two keys on each of 30 levels both have the same list: a billion paths through 12 KB.", "", nil, func() Files {
			h := Sound()
			k := h.Root.Sub("Omega")
			for range 30 {
				k.Add("a")
				k = k.Add("b")
			}
			l := h.Live()
			b := l.Image()
			path := "Omega"
			for range 29 {
				a := b[page+int(l.Key(path+`\a`))+4:]
				path += `\b`
				le.PutUint32(a[nkSubkeys:], 2)
				le.PutUint32(a[nkList:], l.List(path))
			}
			return Files{Primary: b}
		}},
	}
}

func valueDamages() []Damage {
	text := []string{`\Alpha|Text`}
	number := []string{`\Alpha|Number`}
	big := []string{`\Beta|Big`}
	return []Damage{
		{"valueCountFFFFFFFF", "A key counts 4,294,967,295 values and lists three.", "", nil,
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkValues, NIL) })},
		{"valueListOutside", "A key's list of values lies behind the hive.", "", []string{`\Alpha|*`},
			hurt(func(p *patient) { p.set32(p.Key("Alpha"), nkValueList, 0x7FFFFFF8) })},
		{"valueOffsetNil", "A list of values begins with NIL.", "", text, hurt(func(p *patient) { p.set32(p.ValueList("Alpha"), 0, NIL) })},
		{"valueSignature", "A value has no signature.", "", text, hurt(func(p *patient) { p.set16(p.Value("Alpha", "Text"), 0, 0) })},
		{"valueTwice", "A list of values names one value twice.", "", number,
			hurt(func(p *patient) { p.set32(p.ValueList("Alpha"), 4, p.Value("Alpha", "Text")) })},
		{"valueNameRunsPastCell", "A value's name is longer than its cell.", "", text,
			hurt(func(p *patient) { p.set16(p.Value("Alpha", "Text"), vkNameLen, 0xFFFF) })},
		{"valueLength2GiB", "A value claims 2,147,483,647 bytes.", "", text,
			hurt(func(p *patient) { p.set32(p.Value("Alpha", "Text"), vkSize, 0x7FFFFFFF) })},
		{"bigLength2GiB", "A value in segments claims 2,147,483,647 bytes.", "", big,
			hurt(func(p *patient) { p.set32(p.Value("Beta", "Big"), vkSize, 0x7FFFFFFF) })},
		{"dataRunsPastCell", "A value claims 100 bytes and its cell holds 36.", "", text,
			hurt(func(p *patient) { p.set32(p.Value("Alpha", "Text"), vkSize, 100) })},
		{"dataOutside", "A value's data lie behind the hive.", "", text,
			hurt(func(p *patient) { p.set32(p.Value("Alpha", "Text"), vkData, 0x7FFFFFF8) })},
		{"dataInFreeCell", "A value's data lie in a free cell.", "", nil, hurt(func(p *patient) {
			p.setSize(p.Data("Alpha", "Text"), int32(p.st.size(p.Data("Alpha", "Text"))))
		})},
		{"inlineLength5", "A value claims five bytes of inline data.", "", number,
			hurt(func(p *patient) { p.set32(p.Value("Alpha", "Number"), vkSize, inline|5) })},
		{"inlineLengthHuge", "A value claims 2,147,483,647 bytes of inline data.", "", number,
			hurt(func(p *patient) { p.set32(p.Value("Alpha", "Number"), vkSize, NIL) })},
		{"dbSignature", "The record of big data has no signature.", "", big,
			hurt(func(p *patient) { p.set16(p.Data("Beta", "Big"), 0, 0) })},
		{"dbCountZero", "The record of big data counts no segments.", "", big,
			hurt(func(p *patient) { p.set16(p.Data("Beta", "Big"), 2, 0) })},
		{"dbCountFFFF", "The record of big data counts 65,535 segments.", "", nil,
			hurt(func(p *patient) { p.set16(p.Data("Beta", "Big"), 2, 0xFFFF) })},
		{"dbListOutside", "The list of segments lies behind the hive.", "", big,
			hurt(func(p *patient) { p.set32(p.Data("Beta", "Big"), 4, 0x7FFFFFF8) })},
		{"segmentNil", "The list of segments names NIL.", "", big,
			hurt(func(p *patient) { s := p.Segments("Beta", "Big"); p.set32(s[len(s)-1], 4, NIL) })},
		{"segmentIsDb", "A segment is the record of big data itself.", "", big,
			hurt(func(p *patient) { s := p.Segments("Beta", "Big"); p.set32(s[len(s)-1], 4, p.Data("Beta", "Big")) })},
	}
}
