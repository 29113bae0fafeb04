import Testing

@testable import App

@Suite("Process limits on memory and descriptors")
struct ProcessLimitsTests {
    @Test("core dumps are disabled, through a pipe too")
    func cores() {
        ProcessLimits.forbidCoreDumps()
        #expect(!ProcessLimits.permitsCoreDumps)
    }

    @Test("connections get the remaining descriptors")
    func budget() {
        func budget(_ limit: Int, wanted: Int) -> DescriptorBudget {
            DescriptorBudget(limit: limit, inUse: 20, wanted: wanted, cores: 2)
        }
        #expect(budget(65_536, wanted: 1024).connections == 1024)
        #expect(budget(65_536, wanted: 1024).fault == nil)
        let usual = budget(1024, wanted: 1024)
        #expect(usual.connections == 1024 - 20 - 128 - 6)
        #expect(usual.fault?.contains("allows only 870 of 1024 connections") == true)
        #expect(!usual.isTooLow)
        #expect(budget(64, wanted: 1024).isTooLow)
        #expect(budget(64, wanted: 1024).connections == 0)
        #expect(budget(Int.max, wanted: 1_000_000).connections == 1_000_000)
        // A low number is requested, and it is available.
        #expect(!budget(160, wanted: 5).isTooLow)
    }
}
