import Digests
import Notifier
import Settings

extension DigestService.Plan {
    init(_ settings: Settings) {
        self.init(
            settings: DigestSettings(settings), silences: settings.silences.map(Silence.init))
    }
}

extension DigestSettings {
    init(_ settings: Settings) {
        let digest = settings.digest
        self.init(
            groupBy: digest.groupBy, firstAfter: digest.firstAfter, window: digest.window,
            maxWindow: digest.maxWindow, repeatEvery: digest.repeatEvery,
            recoverAfter: digest.recoverAfter, maxGroups: digest.maxGroups,
            abortAfter: digest.abortAfter, attemptsPerRun: digest.attempts,
            nodeChecks: digest.nodeChecks,
            storm: StormSettings(
                groups: digest.storm.groups, within: digest.storm.within,
                messages: digest.storm.messages),
            route: DigestRoute(settings.route))
    }
}

extension DigestRoute {
    init(_ route: Settings.Route) {
        self.init(
            filter: route.filter, receivers: route.receivers,
            goesOn: route.goesOn, routes: route.routes.map(DigestRoute.init))
    }
}

extension Silence {
    init(_ silence: Settings.Silence) {
        let schedule: Schedule =
            switch silence.schedule {
            case .once(let from, let until): .once(from: from, until: until)
            case .weekly(let days, let from, let until, let zone):
                .weekly(days: Set(days), fromMinute: from, untilMinute: until, zone: zone)
            }
        self.init(
            id: silence.id, filter: silence.filter, schedule: schedule, who: silence.who,
            why: silence.why)
    }
}
