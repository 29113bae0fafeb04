import Testing

@testable import Bucket

@Suite("XML of stores")
struct XMLTests {
    /// The elements of a document as `path=text`, or nil if it is not well-formed.
    private func elements(_ document: String) -> [String]? {
        elements(Array(document.utf8))
    }

    private func elements(_ document: [UInt8]) -> [String]? {
        var found: [String] = []
        let isWhole = XMLValues.elements(document) { path, text in
            found.append("\(path.joined(separator: "/"))=\(text)")
        }
        return isWhole ? found : nil
    }

    @Test(
        "texts are read as XML has them",
        arguments: [
            ("<a/>", ["a="]),
            ("<a>x</a>", ["a=x"]),
            ("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a >x</a >\n", ["a=x"]),
            ("<a>1<b>2</b>3</a>", ["a/b=2", "a=13"]),
            ("<s3:a xmlns:s3='http://x/'><s3:b s3:c = \"d>\"/></s3:a>", ["a/b=", "a="]),
            ("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x1f514;&#10;</a>", ["a=<>&'\"A🔔\n"]),
            ("<a>&amp;lt;</a>", ["a=&lt;"]),
            ("<a>x<!-- <b> & -->y<?p <c> ?>z</a><!-- end -->", ["a=xyz"]),
            ("<a>x<![CDATA[<b>&amp;]]]>y</a>", ["a=x<b>&amp;]y"]),
            ("<a>1\r\n2\r3\n</a>", ["a=1\n2\n3\n"]),
            ("<ключ>значение</ключ>", ["ключ=значение"]),
            (" \n <?xml version='1.0'?> <a/>", ["a="]),
            ("<?xml-stylesheet href='x'?><a/>", ["a="]),
            ("<a-1.b_c>x</a-1.b_c>", ["a-1.b_c=x"]),
        ])
    func texts(document: String, expected: [String]) {
        #expect(elements(document) == expected)
    }

    @Test(
        "what is not well-formed is refused",
        arguments: [
            "", " ", "x", "<", "<a", "<a>", "</a>", "<a></b>", "<a><b></a></b>", "<a/><b/>",
            "<a/>x", "x<a/>", "<a b/>", "<a b=c/>", "<a b='c/>", "<a b='<'/>", "<a b='&x;'/>",
            "<a b='1' b='2'/>", "<a b='1'c='2'/>", "< a/>", "<1/>", "<a>&</a>", "<a>&x;</a>",
            "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#+65;</a>", "<a>&#;</a>",
            "<a>&lt</a>", "<a>]]></a>", "<a><!-- -- --></a>", "<a><!-- ---></a>", "<a><!-- </a>",
            "<a><![CDATA[x</a>", "<![CDATA[x]]><a/>", "<a><?xml version='1.0'?></a>",
            "<a/><?xml version='1.0'?>", "<a><? ?></a>",
            "<a>\u{1}</a>", "<a>\u{FFFF}</a>", "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        ])
    func refused(document: String) {
        #expect(elements(document) == nil)
    }

    @Test("bytes that are not UTF-8 are refused, and so is a document that nests too deep")
    func limits() {
        #expect(elements(Array("<a>".utf8) + [0xE9] + Array("</a>".utf8)) == nil)
        let deepest = XMLScanner.maxDepth
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(elements(nested(deepest))?.count == deepest)
        #expect(elements(nested(deepest + 1)) == nil)
    }

    @Test("a document that is cut anywhere is refused")
    func cut() {
        let whole = Array(
            "<?xml version=\"1.0\"?><a x='&lt;'><!--c--><b>&amp;</b><![CDATA[d]]></a>".utf8)
        #expect(elements(whole) == ["a/b=&", "a=d"])
        for count in whole.indices { #expect(elements(Array(whole.prefix(count))) == nil) }
    }

    @Test("a fault's code is read, also where the end is missing")
    func values() {
        let fault = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>NoSuchKey</Code><Message>no &quot;x&quot;</Message><Code>other</Code>
            """
        #expect(
            XMLValues.read(Array(fault.utf8), ["Code", "Message", "Key"])
                == ["Code": "NoSuchKey", "Message": "no \"x\""])
    }

    @Test("a listing is read; one that lacks an object's size or the next page is refused")
    func listing() throws {
        func page(_ inside: String) throws -> (objects: [(key: String, size: Int)], next: String?) {
            try Bucket.page(
                Array(
                    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(inside)</ListBucketResult>"
                        .utf8), place: "here")
        }
        let two = try page(
            """
            <IsTruncated>true</IsTruncated><NextContinuationToken>n+/=</NextContinuationToken>
            <Contents><Key>a &amp; b</Key><Size>3</Size></Contents>
            <Contents><Size>0</Size><Key>c</Key></Contents>
            """)
        #expect(two.objects.map(\.key) == ["a & b", "c"])
        #expect(two.objects.map(\.size) == [3, 0])
        #expect(two.next == "n+/=")
        #expect(try page("").objects.isEmpty)
        for broken in [
            "<Contents><Key>a</Key></Contents>",
            "<Contents><Key>a</Key><Size>-1</Size></Contents>",
            "<IsTruncated>true</IsTruncated>", "<Contents>",
        ] {
            #expect(throws: BucketFault.self) { try page(broken) }
        }
    }
}
